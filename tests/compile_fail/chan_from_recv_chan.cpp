// expect: conversion from .*recv_chan<int>.* to .*weft::chan<int>
// A direction never goes back to the whole channel.
#include <weft/weft.hpp>

int main() {
  weft::recv_chan<int> in = weft::make_chan<int>();
  weft::chan<int> both = in;
  both.close();
}
