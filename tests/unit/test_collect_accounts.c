/* viewer/collect/accounts against an accountant that copies everything at every new maximum. */
#include "../../viewer/collect/accounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SITES 40
#define BLOCKS 500

struct held { uint64_t bytes, blocks; };

static struct {
    struct held now[SITES], at_peak[SITES];
    struct trace_counts counts[SITES];
    struct { uint64_t bytes, blocks, peak_bytes, peak_blocks, peak_ns; } total[DOMAINS];
} naive;

static struct { uint32_t site; uint64_t bytes; bool live; } blocks[BLOCKS];
static uint64_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % n);
}

static enum account_domain domain_of(uint32_t site) { return (enum account_domain)(site % DOMAINS); }

static void naive_add(uint32_t site, uint64_t bytes, uint64_t now_ns)
{
    enum account_domain domain = domain_of(site);
    naive.now[site].bytes += bytes;
    naive.now[site].blocks++;
    naive.total[domain].bytes += bytes;
    naive.total[domain].blocks++;
    bool higher = naive.total[domain].bytes > naive.total[domain].peak_bytes;
    if (higher) {
        naive.total[domain].peak_bytes = naive.total[domain].bytes;
        naive.total[domain].peak_ns = now_ns;
        naive.total[domain].peak_blocks = naive.total[domain].blocks;
        for (uint32_t i = domain; i < SITES; i += DOMAINS)
            naive.at_peak[i] = naive.now[i];
    }
}

static void naive_remove(uint32_t site, uint64_t bytes)
{
    naive.now[site].bytes -= bytes;
    naive.now[site].blocks--;
    naive.total[domain_of(site)].bytes -= bytes;
    naive.total[domain_of(site)].blocks--;
}

static void allocate(struct accounts *accounts, uint32_t i, uint32_t most)
{
    uint32_t site = below(SITES);
    uint64_t bytes = 1 + below(most);
    blocks[i].site = site;
    blocks[i].bytes = bytes;
    blocks[i].live = true;
    naive_add(site, bytes, accounts->now_ns);
    if (below(20) == 0) {
        account_inherit(accounts, site, bytes);
        naive.counts[site].inherited++;
        naive.counts[site].inherited_bytes += bytes;
    } else {
        account_alloc(accounts, site, bytes);
        naive.counts[site].allocations++;
        naive.counts[site].allocated_bytes += bytes;
    }
}

static void release(struct accounts *accounts, uint32_t i)
{
    uint32_t site = blocks[i].site;
    blocks[i].live = false;
    naive_remove(site, blocks[i].bytes);
    account_free(accounts, site, blocks[i].bytes, 1);
    naive.counts[site].frees++;
    naive.counts[site].freed_bytes += blocks[i].bytes;
    if (below(4) == 0) {
        account_temporary(accounts, site, blocks[i].bytes);
        naive.counts[site].temporary++;
        naive.counts[site].temporary_bytes += blocks[i].bytes;
    }
}

static void compare(struct accounts *accounts)
{
    for (uint32_t i = 0; i < SITES; i++) {
        struct trace_counts counts = accounts_counts(accounts, i);
        assert_memory_equal(&counts, &naive.counts[i], sizeof counts);
        assert_int_equal(accounts->sites.items[i].peak_bytes, naive.at_peak[i].bytes);
        assert_int_equal(accounts->sites.items[i].peak_blocks, naive.at_peak[i].blocks);
    }
    for (uint32_t i = 0; i < DOMAINS; i++) {
        assert_int_equal(accounts->domains[i].live_bytes, naive.total[i].bytes);
        assert_int_equal(accounts->domains[i].live_blocks, naive.total[i].blocks);
        assert_int_equal(accounts->domains[i].peak_bytes, naive.total[i].peak_bytes);
        assert_int_equal(accounts->domains[i].peak_blocks, naive.total[i].peak_blocks);
        assert_int_equal(accounts->domains[i].peak_ns, naive.total[i].peak_ns);
    }
}

static void play(uint64_t seed)
{
    struct accounts accounts = {0};
    random_state = seed;
    memset(&naive, 0, sizeof naive);
    memset(blocks, 0, sizeof blocks);
    for (uint32_t i = 0; i < SITES; i++)
        assert_int_equal(accounts_add_site(&accounts, i, domain_of(i)), i);
    for (uint32_t step = 0, steps = 1 + below(5000); step < steps; step++) {
        accounts.now_ns++;
        uint32_t i = below(BLOCKS);
        if (blocks[i].live)
            release(&accounts, i);
        else
            allocate(&accounts, i, 1 + step);          /* maxima come late as well as early */
        if (below(100) == 0)
            accounts_next_epoch(&accounts, accounts.epoch + 1);
        if (below(2000) == 0) {                        /* settling in between changes nothing */
            accounts_settle(&accounts);
            compare(&accounts);
        }
    }
    accounts_settle(&accounts);
    compare(&accounts);
    accounts_release(&accounts);
}

static void test_random_runs(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        play(seed);
}

/* Blocks of no bytes at the maximum: the sum over the sites is the process's figure. */
static void test_empty_blocks(void **state)
{
    struct accounts accounts = {0};
    uint32_t site = accounts_add_site(&accounts, 0, DOMAIN_HEAP), other = accounts_add_site(&accounts, 1, DOMAIN_HEAP);
    account_alloc(&accounts, site, 100);
    account_alloc(&accounts, other, 0);
    account_free(&accounts, site, 100, 1);
    account_alloc(&accounts, other, 0);
    accounts_settle(&accounts);
    assert_int_equal(accounts.domains[DOMAIN_HEAP].peak_bytes, 100);
    assert_int_equal(accounts.domains[DOMAIN_HEAP].peak_blocks, 2);
    assert_int_equal(accounts.sites.items[site].peak_blocks, 1);
    assert_int_equal(accounts.sites.items[other].peak_blocks, 1);
    accounts_release(&accounts);
}

/* What changed in an epoch is told once a site, and the epoch's own maximum starts from what was live. */
static void test_epochs(void **state)
{
    struct accounts accounts = {0};
    uint32_t site = accounts_add_site(&accounts, 0, DOMAIN_HEAP), quiet = accounts_add_site(&accounts, 1, DOMAIN_HEAP);
    account_alloc(&accounts, quiet, 10);
    accounts_next_epoch(&accounts, 1);
    assert_int_equal(accounts.touched.n, 0);
    assert_int_equal(accounts.epoch_max_bytes, 10);
    accounts.now_ns = 5;
    account_alloc(&accounts, site, 30);
    account_free(&accounts, site, 30, 1);
    account_alloc(&accounts, site, 20);
    assert_int_equal(accounts.touched.n, 1);
    assert_int_equal(accounts.touched.items[0], site);
    assert_int_equal(accounts.epoch_max_bytes, 40);
    assert_int_equal(accounts.epoch_max_ns, 5);
    accounts_next_epoch(&accounts, 2);
    assert_int_equal(accounts.epoch_max_bytes, 30);
    accounts_release(&accounts);
}

static void test_size_classes(void **state)
{
    assert_int_equal(accounts_size_class(0), accounts_size_class(1));
    for (uint64_t i = 0; i + 1 < TRACE_SIZE_CLASSES && i < 63; i++) {     /* class i holds 2^(i-1) + 1 .. 2^i bytes */
        assert_int_equal(accounts_size_class(UINT64_C(1) << i), i);
        assert_int_equal(accounts_size_class((UINT64_C(1) << i) + 1), i + 1);
    }
    assert_int_equal(accounts_size_class(UINT64_MAX), TRACE_SIZE_CLASSES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_runs),
        cmocka_unit_test(test_empty_blocks),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_size_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
