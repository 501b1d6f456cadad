package dev.mneme.llamacpp.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mneme.llamacpp.internal.KnownReleases.Defaults;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Defaults that differ from a real release's where the layout shows are of no known release. */
class LayoutRecognitionProperties {

  /** A release's struct and an offset in it. */
  record Place(Defaults release, int offset) {}

  private static final List<Place> MODEL_PLACES = structural(KnownReleases.models(), true);
  private static final List<Place> CONTEXT_PLACES = structural(KnownReleases.contexts(), false);

  private static List<Place> structural(List<Defaults> releases, boolean models) {
    var all = new ArrayList<Place>();
    for (Defaults release : releases) {
      List<Integer> offsets =
          models
              ? offsets(KnownReleases.places(ModelLayout.valueOf(release.layout())))
              : offsets(KnownReleases.places(ContextLayout.valueOf(release.layout())));
      offsets.forEach(offset -> all.add(new Place(release, offset)));
    }
    return all;
  }

  private static List<Integer> offsets(KnownReleases.ModelPlaces places) {
    var all = new ArrayList<Integer>();
    add(all, 0, Long.BYTES); // the list of devices, null
    add(all, places.splitMode(), Integer.BYTES);
    add(all, places.mapping(), places.mappingBytes());
    return all;
  }

  private static List<Integer> offsets(KnownReleases.ContextPlaces places) {
    var all = new ArrayList<Integer>();
    add(all, 0, 4 * Integer.BYTES);
    add(all, places.enums(), places.enumCount() * Integer.BYTES);
    add(all, places.callback(), 2 * Long.BYTES);
    add(all, places.keyType(), 2 * Integer.BYTES);
    add(all, places.offload(), 1);
    if (places.flashAttentionBytes() == 1) {
      add(all, places.flashAttention(), 1);
    }
    return all;
  }

  private static void add(List<Integer> offsets, int first, int count) {
    for (int i = 0; i < count; i++) {
      offsets.add(first + i);
    }
  }

  @Provide
  Arbitrary<Place> modelPlaces() {
    return Arbitraries.of(MODEL_PLACES);
  }

  @Provide
  Arbitrary<Place> contextPlaces() {
    return Arbitraries.of(CONTEXT_PLACES);
  }

  @Provide
  Arbitrary<Defaults> models() {
    return Arbitraries.of(KnownReleases.models());
  }

  @Provide
  Arbitrary<Defaults> contexts() {
    return Arbitraries.of(KnownReleases.contexts());
  }

  @Property(tries = 5000)
  void modelParametersWithAnotherStructuralByteFitNoLayout(
      @ForAll("modelPlaces") Place place, @ForAll @IntRange(min = 1, max = 255) int flipped) {
    StructImage image = place.release.image();
    StructImage changed = image.with(place.offset, image.at(place.offset) ^ flipped);
    assertThat(ModelLayout.fitting(changed.defaults())).as(changed.toString()).isEmpty();
  }

  @Property(tries = 5000)
  void contextParametersWithAnotherStructuralByteFitNoLayout(
      @ForAll("contextPlaces") Place place, @ForAll @IntRange(min = 1, max = 255) int flipped) {
    StructImage image = place.release.image();
    StructImage changed = image.with(place.offset, image.at(place.offset) ^ flipped);
    assertThat(ContextLayout.fitting(changed.defaults())).as(changed.toString()).isEmpty();
  }

  @Property
  void modelParametersWithAStructuralByteLeftAloneFitNoLayout(@ForAll("modelPlaces") Place place) {
    StructImage changed = place.release.image().without(place.offset);
    assertThat(ModelLayout.fitting(changed.defaults())).as(changed.toString()).isEmpty();
  }

  @Property
  void contextParametersWithAStructuralByteLeftAloneFitNoLayout(
      @ForAll("contextPlaces") Place place) {
    StructImage changed = place.release.image().without(place.offset);
    assertThat(ContextLayout.fitting(changed.defaults())).as(changed.toString()).isEmpty();
  }

  /** A longer layout may follow a release's by what was appended alone. */
  @Property
  void longerModelParametersFitNoLayoutWithMembersElsewhere(
      @ForAll("models") Defaults release, @ForAll @IntRange(max = 200) int more) {
    StructImage longer = release.image().with(release.image().length() + more, 0);
    var places = KnownReleases.places(ModelLayout.valueOf(release.layout()));
    for (ModelLayout layout : ModelLayout.fitting(longer.defaults())) {
      assertThat(layout.struct().byteSize()).isEqualTo(longer.length());
      assertThat(KnownReleases.places(layout)).isEqualTo(places.ofBytes(longer.length()));
    }
  }

  @Property
  void longerContextParametersFitNoLayoutWithMembersElsewhere(
      @ForAll("contexts") Defaults release, @ForAll @IntRange(max = 200) int more) {
    StructImage longer = release.image().with(release.image().length() + more, 0);
    var places = KnownReleases.places(ContextLayout.valueOf(release.layout()));
    for (ContextLayout layout : ContextLayout.fitting(longer.defaults())) {
      assertThat(layout.struct().byteSize()).isEqualTo(longer.length());
      assertThat(KnownReleases.places(layout)).isEqualTo(places.ofBytes(longer.length()));
    }
  }

  /** Eight more, as one more pointer makes them, are known only where a release grew by them. */
  @Property
  void eightMoreBytesAreRefusedUnlessAReleaseHasThem(
      @ForAll("models") Defaults model, @ForAll("contexts") Defaults context) {
    StructImage longerModel = model.image().with(model.image().length(), 0);
    assertThat(ModelLayout.fitting(longerModel.defaults()))
        .isEqualTo(model.tag().equals("b10361") ? List.of(ModelLayout.V0_4_0) : List.of());
    StructImage longerContext = context.image().with(context.image().length(), 0);
    assertThat(ContextLayout.fitting(longerContext.defaults())).isEmpty();
  }

  @Property
  void modelParametersFitTheirLayoutWhateverIsInThePadding(
      @ForAll("models") Defaults release, @ForAll long seed) {
    assertThat(ModelLayout.fitting(withPadding(release.image(), seed).defaults()))
        .containsExactly(ModelLayout.valueOf(release.layout()));
  }

  @Property
  void contextParametersFitTheirLayoutWhateverIsInThePadding(
      @ForAll("contexts") Defaults release, @ForAll long seed) {
    assertThat(ContextLayout.fitting(withPadding(release.image(), seed).defaults()))
        .containsExactly(ContextLayout.valueOf(release.layout()));
  }

  /** Compilers write some of the padding or none, usually zeros. */
  private static StructImage withPadding(StructImage image, long seed) {
    var random = new Random(seed);
    StructImage changed = image;
    for (int offset : image.padding()) {
      if (random.nextBoolean()) {
        changed = changed.with(offset, 0);
      }
    }
    return changed;
  }
}
