#include "upload_words.h"

#include <errno.h>
#include <openssl/x509v3.h>

static const char *upload_words_certificate(long verdict)
{
	switch (verdict) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "name does not match certificate";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "certificate is not valid yet (or this machine's clock is wrong)";
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return "certificate is too weak";
	case X509_V_ERR_CERT_REVOKED:
		return "certificate is revoked";
	default:
		return "certificate is not trusted";
	}
}

static const char *upload_words_not_connected(CURL *easy)
{
	long os = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
	switch (os) {
	case ECONNREFUSED:
		return "connection refused";
	case EHOSTUNREACH:
		return "no route to the server";
	case ENETUNREACH:
		return "network is unreachable";
	default:
		return "no connection to the server";
	}
}

/* Where the time went. */
static const char *upload_words_too_slow(CURL *easy)
{
	curl_off_t name = 0, connected = 0, secured = 0;
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &secured);
	if (name == 0)
		return "name was not resolved in time";
	if (connected == 0)
		return "connection timed out";
	return secured == 0 ? "TLS handshake timed out" : "the server took too long to answer";
}

/* A proxy that was asked for a tunnel and gave none. */
static const char *upload_words_proxy(CURL *easy)
{
	long status = 0;
	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status == 407)
		return "the proxy says: 407: it wants credentials, or others";
	return status >= 300 ? "the proxy gives no tunnel to the server" : "connection closed by the server";
}

const char *ice_upload_words(CURL *easy, CURLcode code)
{
	long verdict = 0;
	switch (code) {
	case CURLE_OK:
		return "";
	case CURLE_WRITE_ERROR:
		return "the answer could not be read";
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "name of the proxy cannot be resolved";
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return "the server's key is not the pinned one";
	case CURLE_SSL_CERTPROBLEM:
		return "client certificate and key cannot be used";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "name cannot be resolved";
	case CURLE_COULDNT_CONNECT:
		return upload_words_not_connected(easy);
	case CURLE_OPERATION_TIMEDOUT:
		return upload_words_too_slow(easy);
	case CURLE_PEER_FAILED_VERIFICATION:
		curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
		return upload_words_certificate(verdict);
	case CURLE_SSL_CONNECT_ERROR:
		return "TLS handshake failed";
	case CURLE_RECV_ERROR:
		return upload_words_proxy(easy);
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return "connection closed by the server";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "the answer is not HTTP";
	default:
		return curl_easy_strerror(code);
	}
}
