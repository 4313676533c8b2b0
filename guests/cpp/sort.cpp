// Prints its arguments, or without any the lines of stdin, sorted, one on a line, and how many there were.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main(int count, char **arguments) {
    std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.empty()) {
        for (std::string line; std::getline(std::cin, line);) words.push_back(line);
    }
    std::sort(words.begin(), words.end());
    for (const auto &word : words) std::cout << word << '\n';
    std::cout << words.size() << " sorted\n";
}
