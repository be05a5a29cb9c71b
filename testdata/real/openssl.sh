# openssl: digests, ciphers, keys and signatures, and that its speed test runs.
seq 20000 >data
for digest in md5 sha1 sha224 sha256 sha384 sha512 sha3-256 blake2b512 sm3 ripemd160; do openssl dgst -"$digest" data; done
for cipher in aes-128-cbc aes-256-ctr aes-192-cbc aes-256-ecb camellia-128-cbc chacha20 des-ede3-cbc aria-128-cbc sm4-cbc; do
  openssl enc -"$cipher" -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 0f0e0d0c0b0a09080706050403020100 -in data -out sealed 2>/dev/null
  openssl dgst -sha256 -r sealed | cut -c 1-32
  openssl enc -d -"$cipher" -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 0f0e0d0c0b0a09080706050403020100 -in sealed 2>/dev/null | cmp - data && echo "$cipher"
done
openssl dgst -sha256 -hmac key data; openssl enc -aes-256-cbc -pbkdf2 -iter 5000 -S 0102030405060708 -pass pass:word -in data | openssl dgst -sha256
for key in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt ec_paramgen_curve:P-256" "EC -pkeyopt ec_paramgen_curve:secp521r1"; do
  openssl genpkey -algorithm $key -out key.pem 2>/dev/null && openssl pkey -in key.pem -pubout -out public.pem
  openssl dgst -sha256 -sign key.pem -out signature data && openssl dgst -sha256 -verify public.pem -signature signature data
done
openssl genpkey -algorithm ED25519 -out key.pem && openssl pkey -in key.pem -pubout -out public.pem && openssl pkeyutl -sign -rawin -inkey key.pem -in data -out signature && openssl pkeyutl -verify -rawin -pubin -inkey public.pem -in data -sigfile signature
openssl genpkey -algorithm X25519 -out one.pem; openssl genpkey -algorithm X25519 -out two.pem; openssl pkey -in one.pem -pubout -out one.pub; openssl pkey -in two.pem -pubout -out two.pub
openssl pkeyutl -derive -inkey one.pem -peerkey two.pub -out s1; openssl pkeyutl -derive -inkey two.pem -peerkey one.pub -out s2; cmp s1 s2 && echo derived
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=test -days 10 -config /dev/null -quiet 2>/dev/null && openssl verify -CAfile ca.pem ca.pem
openssl prime 1000003; openssl prime -hex FFFFFFFFFFFFFFC5; openssl rand -hex 8 | wc -c
openssl speed -seconds 1 -bytes 1024 sha256 2>/dev/null | grep -c ^sha256; openssl speed -seconds 1 -bytes 1024 -evp aes-128-gcm 2>/dev/null | grep -ci ^aes-128-gcm
