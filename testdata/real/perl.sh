# perl: text, numbers, hashes, sorting, processes, sockets, modules.
perl -we '
use strict; use List::Util qw(sum max first shuffle reduce); use POSIX qw(floor strftime :sys_wait_h); use Digest::SHA qw(sha256_hex); use Data::Dumper; use Time::Local; use Encode;
my %count; $count{$_ % 17}++ for map { $_ * $_ } 1 .. 2000; print join(" ", map { "$_:$count{$_}" } sort { $a <=> $b } keys %count), "\n";
my $text = join " ", map { chr(97 + $_ % 26) x ($_ % 5 + 1) } 1 .. 200; my $n = () = $text =~ /(\w)\1{2,}/g; print "$n ", length $text, "\n";
(my $swapped = $text) =~ s/(\w+) (\w+)/$2 $1/g; print sha256_hex($swapped), "\n"; printf "%.15g %e %s %b %#x\n", atan2(1, 1) * 4, 1e-300 / 3, 0.1 + 0.2, 10, 255;
print sum(1 .. 100), " ", max(3, 9, 2), " ", (reduce { $a * $b } 1 .. 15), " ", floor(-2.5), " ", 2 ** 63, " ", 7 % -3, " ", -7 / 2, "\n";
$Data::Dumper::Sortkeys = $Data::Dumper::Indent = 1; print Dumper({ list => [1, [2, 3]], name => "x", none => undef }); print strftime("%F %T", gmtime 1234567890), " ", timegm(0, 0, 0, 1, 0, 100), "\n";
my @sorted = sort { $a->[1] <=> $b->[1] || $a->[0] cmp $b->[0] } map { [$_, length] } split " ", $text; print "$sorted[0][0] $sorted[-1][0]\n"; print encode("UTF-8", chr(233) . chr(0x20ac)), " ", length("\x{1f600}"), "\n";
pipe(my $r, my $w); my $pid = fork; if (!$pid) { close $r; print $w "from child\n"; close $w; exit 9 } close $w; print scalar <$r>; waitpid $pid, 0; print $? >> 8, "\n";
local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 10; }; print $@; local $SIG{USR1} = sub { print "usr1\n" }; kill USR1 => $$;
print `echo backquotes`, system("exit 3") >> 8, "\n"; open my $p, "-|", "sort", "-r", "/dev/stdin" or print "cannot"; close $p; my $s = pack "NnCa*", 1, 2, 3, "x"; print unpack("H*", $s), " ", join(",", unpack "NnCa*", $s), "\n";
print join(" ", map { sprintf "%vd", $_ } "1.22.333"), " ", (sprintf "%s", 1e15), " ", 1e16, " ", 0x7fffffffffffffff + 0, " ", ~0, "\n"; my $f = sub { my $f = shift; my $n = shift; $n < 2 ? $n : $f->($f, $n - 1) + $f->($f, $n - 2) }; print $f->($f, 15), "\n";
' </dev/null
