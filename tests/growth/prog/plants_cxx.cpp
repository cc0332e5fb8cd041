// plants_cxx PLANT SEED ITERATIONS: what plants.c is, with the containers of the C++ library.
#include "heapline.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct item { long number, other; };                     // 16 bytes

std::vector<item> items;
std::vector<std::unique_ptr<item>> owned;
std::vector<std::string> texts;
std::map<int, int> numbers;
std::unordered_map<int, int> hashed;
std::deque<item> queue;
std::list<int> chain;

// All in the vector's own table, which doubles.
void vector_of_items(int i)
{
    items.push_back({i, i});                                                    // plant: vector_of_items
}

void vector_of_pointers(int i)
{
    owned.push_back(std::make_unique<item>(item{i, i}));                        // plant: vector_of_pointers
}

void vector_of_strings(int i)
{
    texts.push_back("a text too long for the string itself: " + std::to_string(i)); // plant: vector_of_strings
}

void map_insert(int i)
{
    numbers.insert({i, i});                                                     // plant: map_insert
}

void unordered_map_insert(int i)
{
    hashed[i] = i;                                                              // plant: unordered_map_insert
}

// In blocks of 512 bytes: 32 items.
void deque_of_items(int i)
{
    for (int k = 0; k < 4; k++)
        queue.push_back({i, k});                                                // plant: deque_of_items
}

void list_of_ints(int i)
{
    chain.push_back(i);                                                         // plant: list_of_ints
}

const std::map<std::string, void (*)(int)> plants = {
    {"vector_of_items", vector_of_items},   {"vector_of_pointers", vector_of_pointers}, {"vector_of_strings", vector_of_strings},
    {"map_insert", map_insert},             {"unordered_map_insert", unordered_map_insert}, {"deque_of_items", deque_of_items},
    {"list_of_ints", list_of_ints},
};

void noise(std::minstd_rand &random, std::vector<std::string> &slots)
{
    for (int i = 0; i < 2000; i++)
        slots[random() % slots.size()] = std::string(random() % 512, 'x');
}

void mark(int i, int iterations)
{
    char label[32];
    HEAPLINE_MARK("iteration");
    for (int n = i + 1 > 12 ? i + 1 : 12; n <= iterations; n++) {
        std::snprintf(label, sizeof label, "first %d", n);
        HEAPLINE_MARK(label);
    }
}

}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    auto plant = plants.find(argv[1]);
    if (plant == plants.end())
        return 2;
    std::minstd_rand random(static_cast<unsigned>(std::atoi(argv[2])) + 1);
    std::vector<std::string> slots(64);
    int iterations = std::atoi(argv[3]);
    for (int i = 0; i < iterations; i++) {
        noise(random, slots);
        plant->second(i);
        mark(i, iterations);
    }
}
