/* The sums: per site, per process, peaks included, in constant time an event.
 *
 * The composition of the peak comes without copies: each site keeps what it held at the latest peak, written down lazily, when the site changes for the
 * first time after that peak (its peak_version is older than the domain's). A peak is declared when the first byte goes after a new maximum.
 * Two domains have peaks of their own: the heap, and the anonymous mappings that the program makes itself.
 */
#ifndef HEAPLINE_COLLECT_ACCOUNTS_H
#define HEAPLINE_COLLECT_ACCOUNTS_H

#include "../base/vec.h"
#include "../trace/model.h"

enum account_domain { DOMAIN_HEAP, DOMAIN_MAPPED, DOMAIN_APART, DOMAINS };

struct account {                  /* one cache line: all that an event touches of its site */
    uint64_t allocations, allocated_bytes, frees, freed_bytes;   /* inherited blocks count as allocated here */
    uint64_t temporary;
    uint64_t peak_bytes;
    uint32_t peak_blocks, peak_version;
    uint32_t epoch;               /* the last epoch in which it changed */
    uint32_t domain;
};

struct account_rare {
    uint64_t temporary_bytes, inherited, inherited_bytes, collected, collected_bytes, moved, moved_bytes, transient, transient_bytes;
    uint32_t node;                /* of the trie */
    uint32_t trace_site;          /* id in the trace, TRACE_NONE: not written yet */
    struct trace_counts written;  /* what the trace knows */
};

struct domain {
    uint64_t live_bytes, live_blocks;
    uint64_t peak_bytes, peak_blocks, peak_ns;
    uint64_t high_bytes;          /* the peak of its window; at most peak_bytes, so that one comparison does for both */
    uint32_t version;
    bool at_peak;
};

struct accounts {
    VEC(struct account) sites;
    VEC(struct account_rare) rare;
    VEC(uint32_t) touched;        /* sites that changed in this epoch */
    struct domain domains[DOMAINS];
    uint64_t size_count[TRACE_SIZE_CLASSES], size_bytes[TRACE_SIZE_CLASSES];
    uint64_t epoch_max_bytes, epoch_max_ns;
    uint32_t epoch;
    uint64_t now_ns;
};

void accounts_release(struct accounts *accounts);
uint32_t accounts_add_site(struct accounts *accounts, uint32_t node, enum account_domain domain);

/* Starts the next epoch: nothing is touched. */
void accounts_next_epoch(struct accounts *accounts, uint32_t epoch);

/* Settles the lazy peaks: after this, peak_bytes and peak_blocks of every site are those at its domain's peak, and
 * the domain's peak_blocks is their sum. */
void accounts_settle(struct accounts *accounts);

struct trace_counts accounts_counts(const struct accounts *accounts, uint32_t site);

/* The sum over all sites of a domain. */
struct trace_counts accounts_sum(const struct accounts *accounts, enum account_domain domain);

static inline unsigned accounts_size_class(uint64_t bytes)
{
    unsigned class = bytes <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(bytes - 1);
    return class < TRACE_SIZE_CLASSES ? class : TRACE_SIZE_CLASSES - 1;
}

/* The site is about to change. */
static inline struct account *account_touch(struct accounts *accounts, uint32_t site)
{
    struct account *account = &accounts->sites.items[site];
    uint32_t version = accounts->domains[account->domain].version;
    if (account->peak_version != version) {
        account->peak_version = version;
        account->peak_bytes = account->allocated_bytes - account->freed_bytes;
        account->peak_blocks = (uint32_t)(account->allocations - account->frees);
    }
    if (account->epoch != accounts->epoch) {
        account->epoch = accounts->epoch;
        vec_push(&accounts->touched, site);
    }
    return account;
}

static inline void domain_grow(struct accounts *accounts, struct domain *domain, uint64_t bytes, uint64_t blocks)
{
    domain->live_bytes += bytes;
    domain->live_blocks += blocks;
    if (domain->live_bytes <= domain->high_bytes)
        return;
    domain->high_bytes = domain->live_bytes;
    if (domain->live_bytes > domain->peak_bytes) {
        domain->peak_bytes = domain->live_bytes;
        domain->peak_blocks = domain->live_blocks;
        domain->peak_ns = accounts->now_ns;
        domain->at_peak = true;
    }
}

static inline void domain_shrink(struct domain *domain, uint64_t bytes, uint64_t blocks)
{
    if (domain->at_peak && bytes) {
        domain->at_peak = false;
        domain->version++;
    }
    domain->live_bytes -= bytes;
    domain->live_blocks -= blocks;
}

static inline void account_alloc(struct accounts *accounts, uint32_t site, uint64_t bytes)
{
    struct account *account = account_touch(accounts, site);
    struct domain *domain = &accounts->domains[account->domain];
    account->allocations++;
    account->allocated_bytes += bytes;
    domain_grow(accounts, domain, bytes, 1);
    if (account->domain == DOMAIN_HEAP) {
        unsigned class = accounts_size_class(bytes);
        accounts->size_count[class]++;
        accounts->size_bytes[class] += bytes;
        if (domain->live_bytes > accounts->epoch_max_bytes) {
            accounts->epoch_max_bytes = domain->live_bytes;
            accounts->epoch_max_ns = accounts->now_ns;
        }
    }
}

/* `blocks`: 1 for a block that goes, 0 for a part of a mapping. */
static inline void account_free(struct accounts *accounts, uint32_t site, uint64_t bytes, uint64_t blocks)
{
    struct domain *domain = &accounts->domains[accounts->sites.items[site].domain];
    domain_shrink(domain, bytes, blocks);
    struct account *account = account_touch(accounts, site);
    account->frees += blocks;
    account->freed_bytes += bytes;
}

static inline void account_temporary(struct accounts *accounts, uint32_t site, uint64_t bytes)
{
    struct account *account = &accounts->sites.items[site];
    account->temporary++;
    accounts->rare.items[site].temporary_bytes += bytes;
}

/* The next two go with the account_free or account_alloc of their block. */

static inline void account_collected(struct accounts *accounts, uint32_t site, uint64_t bytes)
{
    accounts->rare.items[site].collected++;
    accounts->rare.items[site].collected_bytes += bytes;
}

/* `kept`: bytes that the new block has in common with the old one, which stood elsewhere. */
static inline void account_moved(struct accounts *accounts, uint32_t site, uint64_t kept)
{
    accounts->rare.items[site].moved++;
    accounts->rare.items[site].moved_bytes += kept;
}

/* A block went under a frame of Python's that stayed; the site may have no blocks of its own. */
static inline void account_transient(struct accounts *accounts, uint32_t site, uint64_t bytes)
{
    account_touch(accounts, site);
    accounts->rare.items[site].transient++;
    accounts->rare.items[site].transient_bytes += bytes;
}

/* A block that was live before this process began by fork. */
void account_inherit(struct accounts *accounts, uint32_t site, uint64_t bytes);

#endif
