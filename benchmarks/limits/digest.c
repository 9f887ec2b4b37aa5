/* The limit of digesting a tree: OpenSSL's MD5, SHA-1 and SHA-256 of every file below a folder.
 *
 *   cc -O2 -o digest digest.c -lcrypto        digest FOLDER PROCESSES
 *
 * Every process walks the tree and takes each n-th file, weighed by bytes so that all have as
 * much to do. Prints nothing but the number of files and bytes; reads with one buffer of 256 KiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER (256 * 1024)

static char **paths;
static off_t *sizes;
static size_t count, room;

static int note(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)place;
    if (kind != FTW_F || !S_ISREG(status->st_mode)) return 0;
    if (count == room) {
        room = room ? 2 * room : 4096;
        paths = realloc(paths, room * sizeof *paths);
        sizes = realloc(sizes, room * sizeof *sizes);
    }
    paths[count] = strdup(path);
    sizes[count++] = status->st_size;
    return 0;
}

static void digest(const char *path, EVP_MD_CTX **states, const EVP_MD **kinds, unsigned char *buffer) {
    unsigned char value[EVP_MAX_MD_SIZE];
    int file = open(path, O_RDONLY);
    if (file < 0) return;
    for (int k = 0; k < 3; k++) EVP_DigestInit_ex(states[k], kinds[k], NULL);
    ssize_t got;
    while ((got = read(file, buffer, BUFFER)) > 0)
        for (int k = 0; k < 3; k++) EVP_DigestUpdate(states[k], buffer, (size_t)got);
    for (int k = 0; k < 3; k++) EVP_DigestFinal_ex(states[k], value, NULL);
    close(file);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int processes = atoi(argv[2]);
    if (nftw(argv[1], note, 64, FTW_PHYS)) return 1;
    off_t *load = calloc((size_t)processes, sizeof *load), bytes = 0;
    int *owner = malloc(count * sizeof *owner);
    for (size_t i = 0; i < count; i++) {
        int least = 0;
        for (int p = 1; p < processes; p++)
            if (load[p] < load[least]) least = p;
        owner[i] = least;
        load[least] += sizes[i] + 8192; /* opening a file costs about as much as that */
        bytes += sizes[i];
    }
    for (int p = 0; p < processes; p++) {
        if (fork()) continue;
        const EVP_MD *kinds[3] = {EVP_md5(), EVP_sha1(), EVP_sha256()};
        EVP_MD_CTX *states[3] = {EVP_MD_CTX_new(), EVP_MD_CTX_new(), EVP_MD_CTX_new()};
        unsigned char *buffer = malloc(BUFFER);
        for (size_t i = 0; i < count; i++)
            if (owner[i] == p) digest(paths[i], states, kinds, buffer);
        _exit(0);
    }
    while (wait(NULL) > 0) {}
    printf("%zu files %lld bytes\n", count, (long long)bytes);
    return 0;
}
