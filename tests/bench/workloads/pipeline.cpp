// pipeline ORDERS THREADS: each thread builds ORDERS orders of strings, vectors, maps and shared pointers, refuses one in a
// hundred by an exception, and keeps the last 256. Its time is shared between libstdc++ and malloc; its stacks are a dozen
// frames deep.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Part {
    virtual ~Part() = default;
    std::string name;
    std::vector<double> prices;
};

struct Order : Part {
    std::map<std::string, std::shared_ptr<Part>> parts;
};

std::shared_ptr<Part> build_part(int number)
{
    auto part = std::make_shared<Part>();
    part->name = "a part whose name is long, number " + std::to_string(number % 1000);
    for (int i = 0; i < number % 8; i++)
        part->prices.push_back(number + i * 0.5);
    return part;
}

std::shared_ptr<Order> build_order(int number)
{
    auto order = std::make_shared<Order>();
    order->name = "order";
    for (int i = 0; i < 6; i++) {
        auto part = build_part(number + i);
        order->parts[part->name] = part;
    }
    if (number % 100 == 0)
        throw std::runtime_error("order " + std::to_string(number) + " is refused");
    return order;
}

double work(int orders)
{
    std::vector<std::shared_ptr<Order>> last(256);
    double sum = 0;
    for (int i = 1; i <= orders; i++) {
        try {
            auto order = build_order(i);
            for (const auto &entry : order->parts)
                for (double price : entry.second->prices)
                    sum += price;
            last[i % last.size()] = order;
        } catch (const std::exception &refused) {
            sum += 1;
        }
    }
    return sum;
}

}

int main(int argc, char **argv)
{
    int orders = argc > 1 ? std::atoi(argv[1]) : 200000, n = argc > 2 ? std::atoi(argv[2]) : 1;
    std::vector<double> sums(n);
    std::vector<std::thread> threads;
    for (int i = 0; i < n; i++)
        threads.emplace_back([&sums, i, orders] { sums[i] = work(orders); });
    for (auto &thread : threads)
        thread.join();
    double sum = 0;
    for (double part : sums)
        sum += part;
    std::printf("%.1f\n", sum);
}
