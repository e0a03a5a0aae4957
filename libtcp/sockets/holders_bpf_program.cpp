// SPDX-License-Identifier: MIT
// The BPF program, put together for the running kernel: in C it would be
//
//   SEC("iter/task_file") int dump(struct bpf_iter__task_file *ctx) {
//     struct file *file = ctx->file;
//     struct task_struct *task = ctx->task;
//     if (!file || !task || !bpf_sock_from_file(file)) return 0;
//     struct task_struct *leader = task->group_leader;
//     if (!leader) return 0;
//     const struct cred *cred = leader->cred;
//     if (!cred) return 0;
//     struct record record = {file->f_inode->i_ino, ctx->fd, leader->tgid, cred->euid.val, leader->comm};
//     bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
//     return 0;
//   }
//
// Written down as instructions there is no compiler and no loader to need, neither when it is built nor when it runs:
// all that they would add is where the members are, and the kernel tells that.
#include <array>
#include <cassert>
#include <string_view>

#include "libtcp/sockets/bpf_code.hpp"
#include "libtcp/sockets/holders_bpf.hpp"

namespace tcp::sockets {
namespace {

using Kind = net::KernelTypeKind;

enum TypeIndex : std::uint8_t { target, context, meta, task, cred, file, inode };
constexpr std::array<net::KernelTypeName, 7> kTypes{{{Kind::function, "bpf_iter_task_file"},
                                                     {Kind::structure, "bpf_iter__task_file"},
                                                     {Kind::structure, "bpf_iter_meta"},
                                                     {Kind::structure, "task_struct"},
                                                     {Kind::structure, "cred"},
                                                     {Kind::structure, "file"},
                                                     {Kind::structure, "inode"}}};

using enum BpfRegister;
constexpr BpfRegister kContext = r6;
constexpr BpfRegister kFile = r7;
constexpr BpfRegister kLeader = r8;
enum Width : std::uint8_t { w32 = BPF_W, w64 = BPF_DW };

// Where a record stands in the frame of the program.
constexpr std::int16_t kRecord = -static_cast<std::int16_t>(sizeof(TaskFileRecord));

class Assembler : public BpfCode {
 public:
  explicit Assembler(const net::KernelTypes& types) : types_(types) {}

  // to = from->member
  void load(Width width, BpfRegister to, BpfRegister from, TypeIndex type, std::string_view member,
            std::uint32_t beyond = 0) {
    const auto offset = types_.offset_of(type, member);
    if (!offset && !error_) error_ = offset.error();
    const std::uint32_t at = offset.value_or(0) + beyond;
    if (at > INT16_MAX && !error_) error_ = Error{make_error_code(Errc::unsupported), "make a BPF program", "", ""};
    emit(BPF_LDX | BPF_MEM | width, to, from, static_cast<std::int16_t>(at), 0);
  }
  // record.member = from
  void store(Width width, std::size_t member, BpfRegister from) {
    emit(BPF_STX | BPF_MEM | width, frame, from, static_cast<std::int16_t>(kRecord + static_cast<int>(member)), 0);
  }
  void end_if_null(BpfRegister pointer) { end_if(BPF_JMP | BPF_JEQ | BPF_K, pointer, 0); }
  [[nodiscard]] Result<std::vector<bpf_insn>> finish() {
    if (error_) return std::unexpected(std::move(*error_));
    return BpfCode::finish(0);
  }

 private:
  const net::KernelTypes& types_;
  std::optional<Error> error_;
};

// Leaves at once what is no socket; keeps the pointers that the rest needs.
void write_selection(Assembler& code) {
  code.copy(kContext, r1);
  code.load(w64, kFile, kContext, context, "file");
  code.end_if_null(kFile);
  code.copy(r1, kFile);
  code.call(BPF_FUNC_sock_from_file);
  code.end_if_null(r0);
  code.load(w64, kLeader, kContext, context, "task");
  code.end_if_null(kLeader);
  code.load(w64, kLeader, kLeader, task, "group_leader");
  code.end_if_null(kLeader);
}

void write_record(Assembler& code) {
  code.load(w64, r1, kLeader, task, "cred");
  code.end_if_null(r1);
  code.load(w32, r1, r1, cred, "euid");
  code.store(w32, offsetof(TaskFileRecord, user_id), r1);
  code.load(w64, r1, kFile, file, "f_inode");
  code.end_if_null(r1);
  code.load(w64, r1, r1, inode, "i_ino");
  code.store(w32, offsetof(TaskFileRecord, inode), r1);
  code.load(w32, r1, kContext, context, "fd");
  code.store(w32, offsetof(TaskFileRecord, descriptor), r1);
  code.load(w32, r1, kLeader, task, "tgid");
  code.store(w32, offsetof(TaskFileRecord, pid), r1);
  for (const std::uint32_t part : {0U, 8U}) {
    code.load(w64, r1, kLeader, task, "comm", part);
    code.store(w64, offsetof(TaskFileRecord, name) + part, r1);
  }
}

void write_output(Assembler& code) {
  code.load(w64, r1, kContext, context, "meta");
  code.load(w64, r1, r1, meta, "seq");
  code.copy(r2, frame);
  code.add(r2, kRecord);
  code.set(r3, sizeof(TaskFileRecord));
  code.call(BPF_FUNC_seq_write);
}

}  // namespace

Result<TaskFileProgram> make_task_file_program(std::span<const std::uint8_t> kernel_types) {
  TCP_TRY_ASSIGN(types, net::KernelTypes::parse(kernel_types, kTypes));
  TCP_TRY_ASSIGN(id, types.id_of(target));
  Assembler code(types);
  write_selection(code);
  write_record(code);
  write_output(code);
  TCP_TRY_ASSIGN(instructions, code.finish());
  return TaskFileProgram{std::move(instructions), id};
}

}  // namespace tcp::sockets
