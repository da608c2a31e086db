// A deadlock in a program that is linked with OpenSSL and has used it.
#include <openssl/ssl.h>

#include <weft/weft.hpp>

int main() {
  OPENSSL_init_ssl(0, nullptr);
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  SSL_CTX_free(context);
  return weft::run([] {
    auto ch = weft::make_chan<int>();
    weft::go([ch] { ch.send(1); });
    weft::make_chan<int>().recv();
  });
}
