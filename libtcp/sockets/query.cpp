// SPDX-License-Identifier: MIT
#include "libtcp/sockets/query.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "libtcp/sockets/cgroup.hpp"

namespace tcp::sockets {
namespace {

// So many sockets are kept until their holders are known: with up to that many, the search through all processes can
// end early; about 4 MiB.
constexpr std::size_t kMostKept = 4096;

// The rows of one query on their way from the kernel to the handler.
class Stream {
 public:
  Stream(const Query& query, const RowHandler& handler)
      : query_(query), handler_(handler), needs_(query.filter.needs()), decided_(query.filter.kernel_decides_all()) {
    options_ = query.holder_options;
    wants_cgroups_ = query.cgroups || needs_.cgroup;
    options_.cgroups = options_.cgroups || query.cgroups || needs_.holders || needs_.cgroup;
  }

  Result<QueryOutcome> run() {
    DumpRequest request{query_.states & query_.filter.states(), query_.family, query_.mptcp,
                        static_cast<DetailSet>(query_.details | needs_.details), query_.filter.bytecode()};
    if (request.states == 0) return outcome_;
    const bool asks_holders = query_.holders || needs_.holders;
    TCP_TRY_ASSIGN(dumped, dump_sockets(request, [&](const SocketInfo& socket) {
                     return asks_holders ? take(socket) : show(socket, {});
                   }));
    outcome_.dump = dumped;
    if (asks_holders && !index_) release(/*all=*/false);
    return outcome_;
  }

 private:
  // Until there are too many, sockets wait here: their holders are searched for by inode.
  bool take(const SocketInfo& socket) {
    if (index_) return show_held(socket);
    if (!decided_ && !query_.filter.may_match(row_of(socket, {}))) {
      if (query_.rates != nullptr) (void)query_.rates->meet(socket);  // the next look may select it
      return true;
    }
    kept_.push_back(socket);
    return kept_.size() < kMostKept || release(/*all=*/true);
  }

  // False: the handler has had enough.
  bool release(bool all) {
    index_ = all ? index_all_holders(options_) : index_holders(inodes(), options_);
    outcome_.holders = index_->counts();
    for (const SocketInfo& socket : std::exchange(kept_, {})) {
      if (!show_held(socket)) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<std::uint32_t> inodes() const {
    std::vector<std::uint32_t> inodes;
    for (const SocketInfo& socket : kept_) {
      if (socket.inode != 0) inodes.push_back(socket.inode);
    }
    return inodes;
  }

  bool show_held(const SocketInfo& socket) {
    const auto holders = socket.inode == 0 ? std::span<const Holder>() : index_->holders_of(socket.inode);
    return show(socket, holders);
  }

  // But for its rates.
  SocketRow row_of(const SocketInfo& socket, std::span<const Holder> holders) {
    SocketRow row{&socket, holders, query_.network_namespace, {}, {}};
    if (wants_cgroups_ && socket.cgroup_id) row.cgroup = cgroups_.path_of(*socket.cgroup_id);
    return row;
  }

  bool show(const SocketInfo& socket, std::span<const Holder> holders) {
    SocketRow row = row_of(socket, holders);
    if (query_.rates != nullptr) row.rates = query_.rates->meet(socket);
    if (!decided_ && !query_.filter.matches(row)) return true;
    ++outcome_.selected;
    if (index_ && socket.inode != 0 && holders.empty()) ++outcome_.unknown_holders;
    return handler_(row);
  }

  const Query& query_;
  const RowHandler& handler_;
  FilterNeeds needs_;
  bool decided_;
  bool wants_cgroups_ = false;
  CgroupPaths cgroups_;
  HolderOptions options_;
  std::vector<SocketInfo> kept_;
  std::optional<HolderIndex> index_;
  QueryOutcome outcome_;
};

}  // namespace

Result<QueryOutcome> query_sockets(const Query& query, const RowHandler& handler) {
  return Stream(query, handler).run();
}

}  // namespace tcp::sockets
