/* The shared library of threads.c. */

int calls;

int area(int width, int height) {
    int product = width * height;
    calls++;
    return product;
}
