# A target for ./dev demo: an index of words, and a copy of it that nobody needs.
use strict;
use warnings;

my $pages = shift // 4000;
my @syllables = qw(ba be bi bo da de di do fa fe fi fo ga ge gi go la le li lo ma me mi mo);
my $seed = 42;

sub word {
    my $word = "";
    for (1 .. 2 + $seed % 2) {
        $seed = ($seed * 1103515245 + 12345) % 2147483648;
        $word .= $syllables[($seed >> 8) % @syllables];
    }
    return $word;
}

my %index;
for my $page (1 .. $pages) {
    push @{ $index{ word() } }, $page for 1 .. 60;
}

my @longest = sort { @{ $index{$b} } <=> @{ $index{$a} } || $a cmp $b } keys %index;
my %copy = map { $_ => [ @{ $index{$_} } ] } @longest;
printf "%d words, most often %s on %d pages\n", scalar keys %copy, $longest[0], scalar @{ $copy{ $longest[0] } };
