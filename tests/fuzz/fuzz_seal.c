/* The opener of sealed batches: any bytes, and any bytes that were sealed. The key was made for this and opens nothing else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/seal.h"

#define BOUND 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBhDCCASqgAwIBAgITDWjyg97G2KA4ZURTJ8ah2RejCTAKBggqhkjOPQQDAjAP\n"
                                  "MQ0wCwYDVQQDDARmdXp6MCAXDTI2MTEyMzAxNDMyMVoYDzIxMjYxMDMwMDE0MzIx\n"
                                  "WjAPMQ0wCwYDVQQDDARmdXp6MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoroJ\n"
                                  "sczlrpvyJJuwF+mU+2gVDXHeh8yM5EkEawHNIG+8DIWnic2mSkvhRVGzdHOCaRx8\n"
                                  "C3WNaBI0yIWblwrmRKNjMGEwHQYDVR0OBBYEFBavQubKCCE7OZXK1uvYkNjXvDrN\n"
                                  "MB8GA1UdIwQYMBaAFBavQubKCCE7OZXK1uvYkNjXvDrNMA8GA1UdEwEB/wQFMAMB\n"
                                  "Af8wDgYDVR0PAQH/BAQDAgMIMAoGCCqGSM49BAMCA0gAMEUCIDTnYBvTZ6XEOFSe\n"
                                  "DYjtSyliUcMXeyKojVacPm/UjxD9AiEA5trOwz+KG8rHPWmQXIPwc36sG3Ea/Vlc\n"
                                  "/29tJqLzbbQ=\n"
                                  "-----END CERTIFICATE-----\n";
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpSC6HVZ7RgwlDpMd\n"
                          "vAX8WjabtvqNAJQTCNhXg55sz72hRANCAASiugmxzOWum/Ikm7AX6ZT7aBUNcd6H\n"
                          "zIzkSQRrAc0gb7wMhaeJzaZKS+FFUbN0c4JpHHwLdY1oEjTIhZuXCuZE\n"
                          "-----END PRIVATE KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_seal *seal;
	char why[256];
	size_t len, sealed_len;
	if (!seal && !(seal = ice_seal_new(certificate, key, why, sizeof(why))))
		abort();
	char *text = ice_seal_open(seal, data, size, BOUND, &len);
	if (text ? len == 0 || len > BOUND || text[len] != '\0' : len != 0)
		abort();
	free(text);
	void *sealed = ice_seal_wrap(seal, data, size, &sealed_len);
	text = sealed ? ice_seal_open(seal, sealed, sealed_len, size, &len) : NULL;
	if (size > 0 &&
	    (!text || len != size || memcmp(text, data, size) != 0 || sealed_len > size + ICE_SEAL_OVERHEAD))
		abort();
	free(text);
	free(sealed);
	return 0;
}
