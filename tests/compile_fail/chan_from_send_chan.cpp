// expect: conversion from .*send_chan<int>.* to .*weft::chan<int>
// A direction never goes back to the whole channel.
#include <weft/weft.hpp>

int main() {
  weft::send_chan<int> out = weft::make_chan<int>();
  weft::chan<int> both = out;
  both.close();
}
