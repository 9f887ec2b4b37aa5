/* The limit of decoding JPEG: libjpeg-turbo's grey decode of files, from memory.
 *
 *   cc -O2 -o jpeg_grey jpeg_grey.c -ljpeg     jpeg_grey LEAST PROCESSES TIMES < NAMES
 *
 * NAMES are paths, one in a line. Each file is decoded to grey, TIMES times, at the smallest scale
 * (1/8, 1/4, 1/2, 1/1) that leaves LEAST samples on its shorter side; 0 for always 1/1. Prints the
 * number of pictures and the processor seconds of all processes, reading left out.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <jpeglib.h>

static jmp_buf broken;
static void give_up(j_common_ptr any) { (void)any; longjmp(broken, 1); }
static void quiet(j_common_ptr any, int level) { (void)any; (void)level; }

static double used(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void decode(unsigned char *data, unsigned long length, unsigned least) {
    struct jpeg_decompress_struct picture;
    struct jpeg_error_mgr errors;
    picture.err = jpeg_std_error(&errors);
    errors.error_exit = give_up;
    errors.emit_message = quiet;
    jpeg_create_decompress(&picture);
    if (!setjmp(broken)) {
        jpeg_mem_src(&picture, data, length);
        jpeg_read_header(&picture, TRUE);
        picture.out_color_space = JCS_GRAYSCALE;
        unsigned side = picture.image_width < picture.image_height ? picture.image_width : picture.image_height;
        picture.scale_num = 1;
        picture.scale_denom = 1;
        for (unsigned k = 8; least && k > 1; k /= 2)
            if (side / k >= least) { picture.scale_denom = k; break; }
        jpeg_start_decompress(&picture);
        unsigned char *row = malloc(picture.output_width);
        while (picture.output_scanline < picture.output_height) jpeg_read_scanlines(&picture, &row, 1);
        free(row);
        jpeg_finish_decompress(&picture);
    }
    jpeg_destroy_decompress(&picture);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    unsigned least = (unsigned)atoi(argv[1]);
    int processes = atoi(argv[2]), times = atoi(argv[3]);
    char **names = NULL, line[4096];
    size_t count = 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        names = realloc(names, (count + 1) * sizeof *names);
        names[count++] = strdup(line);
    }
    int pipes[2];
    if (pipe(pipes)) return 1;
    for (int p = 0; p < processes; p++) {
        if (fork()) continue;
        double spent = 0;
        for (size_t i = (size_t)p; i < count; i += (size_t)processes) {
            FILE *file = fopen(names[i], "rb");
            if (!file) continue;
            fseek(file, 0, SEEK_END);
            unsigned long length = (unsigned long)ftell(file);
            rewind(file);
            unsigned char *data = malloc(length);
            if (fread(data, 1, length, file) != length) length = 0;
            fclose(file);
            double begun = used();
            for (int t = 0; t < times; t++) decode(data, length, least);
            spent += used() - begun;
            free(data);
        }
        if (write(pipes[1], &spent, sizeof spent) != sizeof spent) _exit(1);
        _exit(0);
    }
    double total = 0, one;
    for (int p = 0; p < processes; p++)
        if (read(pipes[0], &one, sizeof one) == sizeof one) total += one;
    while (wait(NULL) > 0) {}
    printf("%zu pictures %.6f seconds\n", count, total / times);
    return 0;
}
