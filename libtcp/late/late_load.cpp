// SPDX-License-Identifier: MIT
// Finds the functions of late_functions.inc when they are first called. A program that never opens a capture or speaks
// TLS does not pay for loading libpcap and OpenSSL, which together take three times as long to start as all the rest.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>

namespace {

// As late_stubs.S lays it out.
struct LateEntry {
  std::atomic<void*> address;
  const char* name;
  std::uint64_t library;
};
static_assert(sizeof(LateEntry) == 24);

constexpr std::array kLibraries{TCP_LATE_PCAP_LIBRARY, TCP_LATE_OPENSSL_LIBRARY};  // by LateEntry::library

// There is no way back from a call into a library that is not there.
[[noreturn]] void give_up() {
  const char* why = ::dlerror();
  const std::string message = std::string("tcpbox: load a library: ") + (why == nullptr ? "unknown" : why) + "\n";
  std::ignore = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(3);
}

void* open_library(std::size_t index) {
  void* library = ::dlopen(kLibraries[index], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up();
  return library;
}

void* library_of(const LateEntry& entry) {
  if (entry.library == 0) {
    static void* const pcap = open_library(0);
    return pcap;
  }
  static void* const openssl = open_library(1);
  return openssl;
}

}  // namespace

extern "C" [[gnu::visibility("hidden")]] void* tcp_late_resolve(LateEntry* entry) {
  void* address = ::dlsym(library_of(*entry), entry->name);
  if (address == nullptr) give_up();
  entry->address.store(address, std::memory_order_release);
  return address;
}
