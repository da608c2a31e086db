// The named memory orders of the code under test, and the one that is weakened at present.
//
// A site registers itself the first time that it is reached. A weaker order is the next one down:
// seq_cst becomes acq_rel (which a load takes as acquire and a store as release), acq_rel becomes
// each of its halves, acquire and release become relaxed. A relaxed fence does nothing.
#pragma once

#include <atomic>
#include <string>
#include <vector>

namespace weft::model {

struct weakening {
  std::string site;
  std::memory_order from;
  std::memory_order to;
};

// All weakenings of the sites that were reached so far.
std::vector<weakening> known_weakenings();

// Applies until the next call; null restores the orders as written.
void apply_weakening(const weakening* chosen);

}  // namespace weft::model
