// An HTTP/1.1 server in one file: a task a connection, requests parsed by Boost.Beast, keep-alive
// and pipelining. What Beast does not accept is answered with 400 and the connection closed; a
// client that hangs up at any moment ends its own task only. The argument is the port (default
// 8080, 0 for any free one).
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <weft/net.hpp>
#include <weft/weft.hpp>

namespace http = boost::beast::http;

namespace {

using parser_type = http::request_parser<http::string_body>;

constexpr std::string_view hello = "Hello, world!\n";
constexpr std::uint64_t max_body_bytes = 1 << 20;

enum class outcome { request, malformed, gone };

// Reads until `parser` has a whole request. `pending` holds what came from the client and was not
// parsed yet; after a request it holds the beginning of the next one, if the client pipelines.
outcome read_request(weft::net::conn& client, std::string& pending, parser_type& parser) {
  std::array<char, 8192> block;
  for (;;) {
    if (!pending.empty()) {
      boost::system::error_code parse_error;
      const std::size_t used = parser.put(boost::asio::buffer(pending), parse_error);
      pending.erase(0, used);
      if (parse_error && parse_error != http::error::need_more) return outcome::malformed;
      if (parser.is_done()) return outcome::request;
    }
    std::error_code error;
    const std::size_t n = client.read_some(block, error);
    if (error || n == 0) return outcome::gone;
    pending.append(block.data(), n);
  }
}

std::string make_response(std::string_view status, std::string_view body, bool keep_alive,
                          bool head_only) {
  std::string text = "HTTP/1.1 ";
  text += status;
  text += "\r\nContent-Type: text/plain\r\nContent-Length: ";
  text += std::to_string(body.size());
  text += keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  if (!head_only) text += body;
  return text;
}

void serve(weft::net::conn client) {
  std::string pending;
  std::error_code error;
  bool keep_alive = true;
  while (keep_alive && !error) {
    parser_type parser;
    parser.eager(true);
    parser.body_limit(max_body_bytes);
    switch (read_request(client, pending, parser)) {
      case outcome::gone:
        return;
      case outcome::malformed:
        client.write_all(make_response("400 Bad Request", "bad request\n", false, false), error);
        return;
      case outcome::request:
        break;
    }
    keep_alive = parser.get().keep_alive();
    const bool head_only = parser.get().method() == http::verb::head;
    client.write_all(make_response("200 OK", hello, keep_alive, head_only), error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string port = argc > 1 ? argv[1] : "8080";
  return weft::run([&port] {
    weft::net::listener listener = weft::net::listen("tcp", "127.0.0.1:" + port);
    std::printf("listening on %s\n", listener.local_address().to_string().c_str());
    std::fflush(stdout);
    for (;;) {
      std::error_code error;
      weft::net::conn client = listener.accept(error);
      if (error) {  // out of descriptors, for example: it passes
        weft::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      weft::go(serve, std::move(client));
    }
  });
}
