# perl echo.test.pl PROGRAM: four clients at once, each gets back what it sent, also a large block and
# after it has closed its sending side.
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
alarm 60;
my ($port) = (<$server> // '') =~ /^listening on .*:(\d+)$/ or die "no 'listening on'";

sub client {
  return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp') // die "connect: $!";
}

sub read_exactly {
  my ($socket, $bytes) = @_;
  my $got = '';
  while (length($got) < $bytes) {
    my $n = sysread($socket, $got, $bytes - length($got), length($got));
    die "end of stream after " . length($got) . " bytes" unless $n;
  }
  return $got;
}

my @clients = map { client() } 1 .. 4;
for my $round (1 .. 3) {
  syswrite($clients[$_], "client $_ round $round\n") for 0 .. $#clients;
  for (reverse 0 .. $#clients) {
    my $want = "client $_ round $round\n";
    my $got = read_exactly($clients[$_], length($want));
    die "client $_ got '$got'" if $got ne $want;
  }
}
my $large = join('', map { chr(ord('a') + $_ % 26) } 1 .. 60_000);
syswrite($clients[0], $large) == length($large) or die "short write";
die "large block differs" if read_exactly($clients[0], length($large)) ne $large;
for (@clients) {
  shutdown($_, 1);
  die "not closed" if sysread($_, my $rest, 1);
}
print "echo: ok\n";
