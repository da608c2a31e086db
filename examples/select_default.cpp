// A select with `otherwise` never waits: it takes a case that is ready, or says that none is. Shown
// as the callback form; the try_ operations of a channel are the same for a single one.
#include <cstdio>
#include <weft/weft.hpp>

namespace {

void poll(const weft::chan<int>& in, const weft::chan<int>& out) {
  weft::select(weft::recv(in, [](int v) { std::printf("received %d\n", v); }),
               weft::send(out, 7, [] { std::printf("sent 7\n"); }),
               weft::otherwise([] { std::printf("nothing to do\n"); }));
}

}  // namespace

int main() {
  return weft::run([] {
    auto in = weft::make_chan<int>(1);
    auto out = weft::make_chan<int>(1);

    poll(in, out);  // only `out` has room
    poll(in, out);  // `in` is empty, `out` is full
    in.send(5);
    poll(in, out);  // only `in` has a value
    poll(in, out);

    std::printf("try_recv: %d\n", out.try_recv().value());
    std::printf("try_recv again: %s\n", out.try_recv() ? "a value" : "empty");
  });
}
