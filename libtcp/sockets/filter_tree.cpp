// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_tree.hpp"

#include <algorithm>
#include <utility>

namespace tcp::sockets {
namespace {

void add_needs(FilterNeeds& needs, const NumberTerm& term) {
  switch (term.key->number) {
    case NumberSource::tcp_info:
    case NumberSource::age:
    case NumberSource::idle: needs.details |= static_cast<DetailSet>(Detail::tcp_info); break;
    case NumberSource::process_id: needs.holders = true; break;
    case NumberSource::rate:
    case NumberSource::sent_rate:
    case NumberSource::received_rate:
      needs.rates = true;
      needs.details |= static_cast<DetailSet>(Detail::tcp_info);  // what they are worked out from
      break;
    case NumberSource::receive_queue:
    case NumberSource::accept_queue:
    case NumberSource::send_queue:
    case NumberSource::user_id: break;
  }
}

void add_needs(FilterNeeds& needs, const NameTerm& term) {
  switch (term.key->named) {
    case NameSource::process: needs.holders = true; break;
    case NameSource::unit:
    case NameSource::container: needs.holders = needs.cgroup = true; break;
    case NameSource::congestion: needs.details |= static_cast<DetailSet>(Detail::congestion); break;
    case NameSource::cgroup: needs.cgroup = true; break;
    case NameSource::network_namespace: break;
  }
}

void collect_needs(FilterNeeds& needs, const FilterNode& node) {
  for (const FilterNode& child : node.children) collect_needs(needs, child);
  if (node.kind != NodeKind::term) return;
  if (const auto* number = std::get_if<NumberTerm>(&node.term)) add_needs(needs, *number);
  if (const auto* name = std::get_if<NameTerm>(&node.term)) add_needs(needs, *name);
}

bool is_about_states_only(const FilterNode& node) {
  if (node.kind == NodeKind::term) return std::holds_alternative<StateTerm>(node.term);
  return std::ranges::all_of(node.children, is_about_states_only);
}

bool is_made_of_kernel_terms(const FilterNode& node) {
  if (node.kind == NodeKind::term) return is_kernel_term(node);
  return std::ranges::all_of(node.children, is_made_of_kernel_terms);
}

bool has_autobound(const FilterNode& node) {
  if (node.kind == NodeKind::term) return std::holds_alternative<AutoboundTerm>(node.term);
  return std::ranges::any_of(node.children, has_autobound);
}

}  // namespace

FilterNode make_term(Term term, bool negated) { return {NodeKind::term, negated, std::move(term), {}}; }

FilterNode make_group(NodeKind kind, std::vector<FilterNode> children) {
  FilterNode group{kind, false, {}, {}};
  for (FilterNode& child : children) {
    if (child.kind == kind) {
      std::ranges::move(child.children, std::back_inserter(group.children));
    } else {
      group.children.push_back(std::move(child));
    }
  }
  if (group.children.size() != 1) return group;
  FilterNode only = std::move(group.children.front());
  return only;
}

FilterNode negate(FilterNode node) {
  if (node.kind == NodeKind::term) {
    if (auto* states = std::get_if<StateTerm>(&node.term)) {
      states->states = kEveryState & ~states->states;
    } else {
      node.negated = !node.negated;
    }
    return node;
  }
  node.kind = node.kind == NodeKind::all ? NodeKind::any : NodeKind::all;
  for (FilterNode& child : node.children) child = negate(std::move(child));
  return node;
}

std::size_t depth_of(const FilterNode& node) {
  std::size_t deepest = 0;
  for (const FilterNode& child : node.children) deepest = std::max(deepest, depth_of(child) + 1);
  return deepest;
}

StateSet states_of(const FilterNode& node) {
  if (node.kind == NodeKind::term) {
    const auto* term = std::get_if<StateTerm>(&node.term);
    return term == nullptr ? kEveryState : term->states;
  }
  StateSet states = node.kind == NodeKind::all ? kEveryState : 0;
  for (const FilterNode& child : node.children) {
    states = node.kind == NodeKind::all ? states & states_of(child) : states | states_of(child);
  }
  return states;
}

bool names_states(const FilterNode& node) {
  if (node.kind == NodeKind::term) return std::holds_alternative<StateTerm>(node.term);
  return std::ranges::any_of(node.children, [](const FilterNode& child) { return names_states(child); });
}

FilterNeeds needs_of(const FilterNode& node) {
  FilterNeeds needs;
  collect_needs(needs, node);
  return needs;
}

bool is_kernel_term(const FilterNode& node) {
  return std::visit(
      []<class T>(const T&) {
        return !std::is_same_v<T, StateTerm> && !std::is_same_v<T, NumberTerm> && !std::is_same_v<T, NameTerm>;
      },
      node.term);
}

std::optional<FilterNode> kernel_part(const FilterNode& node) {
  if (node.kind == NodeKind::term) return is_kernel_term(node) ? std::optional(node) : std::nullopt;
  std::vector<FilterNode> parts;
  for (const FilterNode& child : node.children) {
    auto part = kernel_part(child);
    if (part) {
      parts.push_back(*std::move(part));
    } else if (node.kind == NodeKind::any) {
      return std::nullopt;
    }
  }
  if (node.kind == NodeKind::all && parts.empty()) return std::nullopt;
  return make_group(node.kind, std::move(parts));
}

std::vector<const FilterNode*> conjuncts_of(const FilterNode& root) {
  std::vector<const FilterNode*> conjuncts;
  if (root.kind != NodeKind::all) return {&root};
  for (const FilterNode& child : root.children) conjuncts.push_back(&child);
  return conjuncts;
}

bool is_decided_by_kernel(const FilterNode& conjunct) {
  return is_about_states_only(conjunct) || is_made_of_kernel_terms(conjunct);
}

bool autobound_is_decidable(const FilterNode& root) {
  return std::ranges::all_of(conjuncts_of(root), [](const FilterNode* conjunct) {
    return !has_autobound(*conjunct) || is_made_of_kernel_terms(*conjunct);
  });
}

}  // namespace tcp::sockets
