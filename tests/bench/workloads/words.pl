# words.pl ENTRIES: a hash of arrays that grow by one entry each.
use strict;
use warnings;

my $entries = shift // 600000;
my %lists;
push @{ $lists{ $_ % 5000 } }, "entry $_" for 1 .. $entries;
my $sum = 0;
$sum += scalar @$_ for values %lists;
print "$sum\n";
