# perl http_hello.test.pl PROGRAM: a request, keep-alive, pipelining, a request in pieces, malformed ones,
# clients that hang up; the server answers all the time.
use strict;
use warnings;
use IO::Socket::INET;

my $program = shift;
my $pid = open(my $server, '-|', $program, '0') or die "cannot start $program: $!";
# Also after a failed check: nothing is left running.
END {
  my $status = $?;
  kill 'KILL', $pid if $pid;
  close($server) if $server;
  $? = $status;
}
$SIG{ALRM} = sub { kill 'KILL', $pid; die "no answer in time\n" };
$SIG{PIPE} = 'IGNORE';
alarm 60;
my ($port) = (<$server> // '') =~ /^listening on .*:(\d+)$/ or die "no 'listening on'";

sub client {
  return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp') // die "connect: $!";
}

my %unread;

# One response with Content-Length; returns (status, body).
sub response {
  my ($socket) = @_;
  my $buffer = $unread{$socket} // '';
  while ($buffer !~ /\r\n\r\n/) {
    sysread($socket, $buffer, 4096, length($buffer)) or die "end of stream in the header: '$buffer'";
  }
  my ($head, $rest) = split(/\r\n\r\n/, $buffer, 2);
  my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or die "no status in '$head'";
  my ($length) = $head =~ /\r\nContent-Length: *(\d+)/i or die "no length in '$head'";
  while (length($rest) < $length) {
    sysread($socket, $rest, 4096, length($rest)) or die "end of stream in the body";
  }
  $unread{$socket} = substr($rest, $length);
  return ($status, substr($rest, 0, $length));
}

sub expect_hello {
  my ($socket, $what) = @_;
  my ($status, $body) = response($socket);
  die "$what: $status '$body'" if $status != 200 || $body ne "Hello, world!\n";
}

my $get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

my $c = client();
for (1 .. 3) {
  syswrite($c, $get);
  expect_hello($c, "keep-alive request $_");
}
syswrite($c, $get x 5);
expect_hello($c, "pipelined request $_") for 1 .. 5;
for my $piece (split(/(?<=\n)/, $get)) {
  syswrite($c, $piece);
  select(undef, undef, undef, 0.02);
}
expect_hello($c, 'request in pieces');
syswrite($c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
expect_hello($c, 'request with a body');
syswrite($c, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
expect_hello($c, 'last request');
die 'not closed after Connection: close' if sysread($c, my $rest, 1);

for my $bad ("nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n") {
  my $b = client();
  syswrite($b, $bad);
  my ($status) = response($b);
  die "malformed request answered with $status" if $status != 400;
}
for (1 .. 20) {
  my $h = client();
  syswrite($h, $_ % 2 ? substr($get, 0, $_) : $get);
  setsockopt($h, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if $_ % 3 == 0;  # a reset instead of an end
  close($h);
}
my $after = client();
syswrite($after, $get);
expect_hello($after, 'after clients that hung up');
print "http_hello: ok\n";
