/* Two producers allocate, two consumers release what others made: every block pairs up, however late the threads' rings
 * are read.
 *
 * group: threads
 * count: sums
 */
#include "prog.h"
#include <pthread.h>

#define EACH 50000
#define ROOM 256
static void *queue[ROOM];
static int in, out, held;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *produce(void *size)
{
    for (int i = 0; i < EACH; i++) {
        void *block = malloc((size_t)size);     /* expect: count=100000 bytes=6000000 live=0 freed=6000000 */
        pthread_mutex_lock(&lock);
        while (held == ROOM)
            pthread_cond_wait(&changed, &lock);
        queue[in++ % ROOM] = block, held++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void *consume(void *unused)
{
    for (int i = 0; i < EACH; i++) {
        pthread_mutex_lock(&lock);
        while (held == 0)
            pthread_cond_wait(&changed, &lock);
        void *block = queue[out++ % ROOM];
        held--;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        free(block);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, i < 2 ? produce : consume, (void *)(size_t)(40 + 40 * i)) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
