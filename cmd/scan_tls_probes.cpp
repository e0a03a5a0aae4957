// SPDX-License-Identifier: MIT
#include "cmd/scan_tls_probes.hpp"

#include "libtcp/stream/tls_inspect.hpp"

namespace tcp::cmd {
namespace {

scan::TlsProbe::State to_state(stream::TlsInspection::State state) {
  switch (state) {
    case stream::TlsInspection::State::handshake: return scan::TlsProbe::State::handshake;
    case stream::TlsInspection::State::established: return scan::TlsProbe::State::established;
    case stream::TlsInspection::State::ended: return scan::TlsProbe::State::ended;
    case stream::TlsInspection::State::failed: break;
  }
  return scan::TlsProbe::State::failed;
}

scan::TlsCertificateFacts to_facts(const stream::TlsCertificate& certificate) {
  return {certificate.subject, certificate.issuer, certificate.names, certificate.not_after, certificate.sha256};
}

class Probe final : public scan::TlsProbe {
 public:
  explicit Probe(std::unique_ptr<stream::TlsInspection> inspection) : inspection_(std::move(inspection)) {}

  void receive(std::span<const std::uint8_t> bytes) override { inspection_->receive(bytes); }
  void send(std::span<const std::uint8_t> payload) override { inspection_->send(payload); }
  Bytes take_output() override { return inspection_->take_output(); }
  Bytes take_payload() override { return inspection_->take_payload(); }
  State state() const override { return to_state(inspection_->state()); }
  std::string failure() const override { return inspection_->failure(); }

  scan::TlsFacts facts() const override {
    const stream::TlsSession session = inspection_->session();
    scan::TlsFacts facts{session.version, session.cipher, session.alpn, {}};
    if (!session.peer_chain.empty()) facts.certificate = to_facts(session.peer_chain.front());
    return facts;
  }

 private:
  std::unique_ptr<stream::TlsInspection> inspection_;
};

class Probes final : public scan::TlsProbes {
 public:
  explicit Probes(std::unique_ptr<stream::TlsInspector> inspector) : inspector_(std::move(inspector)) {}

  std::unique_ptr<scan::TlsProbe> make(const std::string& server_name,
                                       std::span<const std::string> alpn) const override {
    auto inspection = inspector_->inspect(server_name, alpn);
    if (!inspection) return nullptr;
    return std::make_unique<Probe>(std::move(inspection));
  }

 private:
  std::unique_ptr<stream::TlsInspector> inspector_;
};

}  // namespace

Result<std::unique_ptr<scan::TlsProbes>> make_tls_probes(const Clock& clock) {
  TCP_TRY_ASSIGN(inspector, stream::make_tls_inspector(clock));
  return std::make_unique<Probes>(std::move(inspector));
}

}  // namespace tcp::cmd
