package dev.mneme.djl;

/** Finds a number by its rank without sorting (Hoare's selection). */
final class LargestFloats {

  private LargestFloats() {}

  /**
   * The k-th largest of the numbers, which it reorders; none may be NaN.
   *
   * @param k from 1 to the numbers' count
   */
  static float kth(float[] numbers, int k) {
    int from = 0;
    int to = numbers.length - 1;
    int wanted = k - 1;
    while (from < to) {
      float pivot = numbers[(from + to) >>> 1];
      int left = from;
      int right = to;
      while (left <= right) {
        while (numbers[left] > pivot) {
          left++;
        }
        while (numbers[right] < pivot) {
          right--;
        }
        if (left <= right) {
          float kept = numbers[left];
          numbers[left++] = numbers[right];
          numbers[right--] = kept;
        }
      }
      if (wanted <= right) {
        to = right;
      } else if (wanted >= left) {
        from = left;
      } else {
        return numbers[wanted];
      }
    }
    return numbers[from];
  }
}
