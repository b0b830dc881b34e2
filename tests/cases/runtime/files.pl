# files.pl - files for the toy model's program: good ones, and everything that may be wrong with one.
use strict;
use warnings;

sub spew {
    my ($path, $bytes) = @_;
    open my $f, '>:raw', $path or die "$path: $!\n";
    print $f $bytes;
    close $f or die "$path: $!\n";
}
sub npy_text {
    my ($path, $version, $text, $data) = @_;
    my $head = $version == 1 ? pack('v', length $text) : pack('V', length $text);
    spew($path, "\x93NUMPY" . chr($version) . "\0" . $head . $text . $data);
}
sub npy {
    my ($path, $descr, $shape, $data, $fortran, $version) = @_;
    npy_text($path, $version // 1, "{'descr': '$descr', 'fortran_order': " . ($fortran // 'False') . ", 'shape': $shape, }\n", $data);
}
sub floats { return pack 'f<*', @_ }
sub safetensors {
    my ($path, $header, $data) = @_;
    spew($path, pack('Q<', length $header) . $header . $data);
}

# --- Good: one sample, two, two in Fortran order, a thousand
npy('one.npy', '<f4', '(4,)', floats(1 .. 4));
npy('two.npy', '<f4', '(2, 4)', floats(1 .. 8));
npy('fortran.npy', '<f4', '(2, 4)', floats(1, 5, 2, 6, 3, 7, 4, 8), 'True', 2);
npy('many.npy', '<f4', '(1000, 4)', floats(0 .. 3999));
# --- Arrays of something else
npy('f64.npy', '<f8', '(4,)', "\0" x 32);
npy('big_endian.npy', '>f4', '(4,)', "\0" x 16);
npy('objects.npy', '|O', '(4,)', "\0" x 16);
npy('five.npy', '<f4', '(5,)', floats(1 .. 5));
npy('scalar.npy', '<f4', '()', floats(1));
npy('axes.npy', '<f4', '(1, 1, 4)', floats(1 .. 4));
npy('none.npy', '<f4', '(0, 4)', '');
# --- Sizes that are not so
npy('cut.npy', '<f4', '(2, 4)', floats(1 .. 3));
npy('long.npy', '<f4', '(2, 4)', floats(1 .. 9));
npy('overflow.npy', '<f4', '(4611686018427387904, 4)', '');
npy('extent.npy', '<f4', '(99999999999999999999, 4)', '');
npy('negative.npy', '<f4', '(-1, 4)', '');
npy('claim.npy', '<f4', '(1000000000000, 4)', floats(1));
npy('rank.npy', '<f4', '(' . '1, ' x 40 . ')', floats(1));
# --- Headers that are none
spew('empty.npy', '');
spew('text.npy', "this is no array\n");
spew('npz.npy', "PK\3\4" . "\0" x 100);
spew('version.npy', "\x93NUMPY\x09\0" . "\0" x 100);
spew('header.npy', "\x93NUMPY\2\0\xff\xff\xff\xff{");
spew('header_cut.npy', "\x93NUMPY\1\0\x76\0{'descr'");
npy_text('twice.npy', 1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", floats(1 .. 4));
npy_text('key.npy', 1, "{'descr': '<f4', 'order': False, 'shape': (4,)}", floats(1 .. 4));
npy_text('missing.npy', 1, "{'descr': '<f4', 'shape': (4,)}", floats(1 .. 4));
npy_text('escape.npy', 1, "{'descr': '\e[2J', 'fortran_order': False, 'shape': (4,)}", '');
npy_text('more.npy', 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} or so", '');

# --- Weights
my ($w, $b) = ('"l.w":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}', '"l.b\xc3\xa9":{"dtype":"F32","shape":[3],"data_offsets":[48,60]}');
my $b_to = sub { (my $t = $b) =~ s/$_[0]/$_[1]/; return $t };
$b =~ s/\\xc3\\xa9/\xc3\xa9/;
my $data = floats(0 .. 11, 100, 200, 300);
safetensors('good.st', "{\"__metadata__\":{\"a\":\"\\\"\\\\\\u00e9\"},$w,$b}   ", $data);
safetensors('escaped.st', "{ \"\\u006c.w\" :" . substr($w, 6) . ", \"l.b\\u00e9\":" . substr($b, 8) . "}", $data);
safetensors('extra.st', "{$w,$b,\"z\\u001b[2J\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[60,64]}}", $data . floats(1));
safetensors('missing.st', "{$w}", floats(0 .. 11));
safetensors('twice.st', "{$w,$w,$b}", $data);
safetensors('shape.st', "{$w," . $b_to->('\[3\]', '[3,1]') . '}', $data);
safetensors('dtype.st', "{$w," . $b_to->('F32', 'BF16') . '}', $data);
safetensors('float8.st', "{$w," . $b_to->('F32', 'F8_E4M3') . '}', $data);
safetensors('overlap.st', "{$w," . $b_to->('48,60', '40,52') . '}', $data);
safetensors('hole.st', "{$w," . $b_to->('48,60', '52,64') . '}', $data . floats(1));
safetensors('backwards.st', "{$w," . $b_to->('48,60', '60,48') . '}', $data);
safetensors('wide.st', "{$w," . $b_to->('48,60', '48,18446744073709551616') . '}', $data);
safetensors('cut.st', "{$w,$b}", substr($data, 0, 50));
safetensors('long.st', "{$w,$b}", $data . 'x');
safetensors('array.st', '[1]', $data);
safetensors('open.st', "{$w,$b", $data);
safetensors('surrogate.st', '{"\ud800x":{}}', $data);
safetensors('string.st', '{"l.w', $data);
safetensors('deep.st', '{"l.w":' . '[' x 100000 . '}', $data);
safetensors('name.st', '{"' . 'x' x 100000 . '":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', $data);
spew('short.st', 'abc');
spew('huge.st', pack('Q<', 1 << 60) . '{');
spew('claim.st', pack('Q<', 99999999) . '{}');
