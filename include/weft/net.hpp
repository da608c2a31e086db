// Sockets for tasks: weft::net::listen, dial, conn, serve, wait_readable.
#pragma once

#include <weft/net/address.hpp>
#include <weft/net/buffer.hpp>
#include <weft/net/conn.hpp>
#include <weft/net/listener.hpp>
#include <weft/net/select.hpp>
#include <weft/net/serve.hpp>
#include <weft/net/wait.hpp>
