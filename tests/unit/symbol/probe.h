/* PROBE(x) marks an instruction as the symbol "probe_x", to be found with nm but not exported; the test finds its line by the
 * same letters. */
#define PROBE(name) __asm__ volatile(".globl probe_" #name "\n.hidden probe_" #name "\nprobe_" #name ":\n\tnop")
