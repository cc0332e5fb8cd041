#include "accounts.h"

void accounts_release(struct accounts *accounts)
{
    vec_release(&accounts->sites);
    vec_release(&accounts->rare);
    vec_release(&accounts->touched);
}

uint32_t accounts_add_site(struct accounts *accounts, uint32_t node, enum account_domain domain)
{
    struct account account = {.domain = domain, .peak_version = accounts->domains[domain].version, .epoch = UINT32_MAX};
    struct account_rare rare = {.node = node, .trace_site = TRACE_NONE};
    vec_push(&accounts->sites, account);
    vec_push(&accounts->rare, rare);
    return (uint32_t)accounts->sites.n - 1;
}

void accounts_next_epoch(struct accounts *accounts, uint32_t epoch)
{
    vec_clear(&accounts->touched);
    accounts->epoch = epoch;
    accounts->epoch_max_bytes = accounts->domains[DOMAIN_HEAP].live_bytes;
    accounts->epoch_max_ns = accounts->now_ns;
}

/* Empty blocks come and go while a maximum lasts: the sites know which of them it holds at its end. */
static void sum_peak_blocks(struct accounts *accounts)
{
    for (int i = 0; i < DOMAINS; i++)
        accounts->domains[i].peak_blocks = 0;
    for (size_t i = 0; i < accounts->sites.n; i++)
        accounts->domains[accounts->sites.items[i].domain].peak_blocks += accounts->sites.items[i].peak_blocks;
}

void accounts_settle(struct accounts *accounts)
{
    for (int i = 0; i < DOMAINS; i++) {
        accounts->domains[i].version += accounts->domains[i].at_peak;
        accounts->domains[i].at_peak = false;
    }
    for (size_t i = 0; i < accounts->sites.n; i++) {
        struct account *account = &accounts->sites.items[i];
        if (account->peak_version == accounts->domains[account->domain].version)
            continue;
        account->peak_version = accounts->domains[account->domain].version;
        account->peak_bytes = account->allocated_bytes - account->freed_bytes;
        account->peak_blocks = (uint32_t)(account->allocations - account->frees);
    }
    sum_peak_blocks(accounts);
}

struct trace_counts accounts_counts(const struct accounts *accounts, uint32_t site)
{
    const struct account *account = &accounts->sites.items[site];
    const struct account_rare *rare = &accounts->rare.items[site];
    return (struct trace_counts){
        .allocations = account->allocations - rare->inherited,
        .allocated_bytes = account->allocated_bytes - rare->inherited_bytes,
        .frees = account->frees,
        .freed_bytes = account->freed_bytes,
        .temporary = account->temporary,
        .temporary_bytes = rare->temporary_bytes,
        .inherited = rare->inherited,
        .inherited_bytes = rare->inherited_bytes,
        .collected = rare->collected,
        .collected_bytes = rare->collected_bytes,
        .moved = rare->moved,
        .moved_bytes = rare->moved_bytes,
        .transient = rare->transient,
        .transient_bytes = rare->transient_bytes,
    };
}

void account_inherit(struct accounts *accounts, uint32_t site, uint64_t bytes)
{
    struct account *account = account_touch(accounts, site);
    struct domain *domain = &accounts->domains[account->domain];
    account->allocations++;
    account->allocated_bytes += bytes;
    accounts->rare.items[site].inherited++;
    accounts->rare.items[site].inherited_bytes += bytes;
    domain_grow(accounts, domain, bytes, 1);
}

struct trace_counts accounts_sum(const struct accounts *accounts, enum account_domain domain)
{
    struct trace_counts sum = {0};
    for (uint32_t i = 0; i < accounts->sites.n; i++) {
        if (accounts->sites.items[i].domain != domain)
            continue;
        struct trace_counts counts = accounts_counts(accounts, i);
        trace_counts_add(&sum, &counts);
    }
    return sum;
}
