# mutant.pl check|apply ROOT FILE.mutant...: reads mutants (the form is described in scripts/mutants).
# check: each one's text occurs exactly once below ROOT and its replacement differs. apply: writes the
# replacement into ROOT. Prints what is wrong, a line each, and ends with 1 then.
use strict;
use warnings;

my ($what, $root, @specs) = @ARGV;
die "usage: mutant.pl check|apply ROOT FILE.mutant...\n" unless @specs && $what =~ /^(check|apply)$/;

sub slurp {
  my ($path) = @_;
  open(my $in, '<', $path) or return undef;
  local $/;
  return scalar <$in>;
}

sub wrong_with {
  my ($spec) = @_;
  my $text = slurp($spec);
  return 'cannot be read' unless defined $text;
  my ($head, $old, $new) = $text =~ /\A(.*?)^--- old\n(.+?)^--- new\n(.*)\z/ms
    or return "has no '--- old' and '--- new' parts";
  return 'does not start with a comment that says what is broken' unless $head =~ /\A# \S/;
  my %field = $head =~ /^(\w+):[ ]*(\S.*?)[ ]*$/mg;
  for my $name (qw(file build tests)) {
    return "has no '$name:' line" unless defined $field{$name};
  }
  return 'changes nothing' if $old eq $new;
  my $path = "$root/$field{file}";
  my $source = slurp($path);
  return "names $field{file}, which is not there" unless defined $source;
  my $times = () = $source =~ /\Q$old\E/g;
  return "its old text occurs $times times in $field{file}, not once" unless $times == 1;
  return '' if $what eq 'check';
  $source =~ s/\Q$old\E/$new/;
  open(my $out, '>', $path) or return "cannot write $path: $!";
  print $out $source;
  close($out) or return "cannot write $path: $!";
  return '';
}

my $failed = 0;
for my $spec (@specs) {
  my $why = wrong_with($spec);
  next if $why eq '';
  print "$spec: $why\n";
  $failed = 1;
}
exit $failed;
