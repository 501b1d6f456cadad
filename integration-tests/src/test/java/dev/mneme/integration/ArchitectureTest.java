package dev.mneme.integration;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the rooms run one way. */
@AnalyzeClasses(
    packages = "dev.mneme",
    importOptions = {DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {

  /** Leaves out the contract suites, which live in the packages they test. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  @ArchTest
  static final ArchRule ARROWS_RUN_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("sdk")
          .definedBy("dev.mneme")
          .layer("store")
          .definedBy("dev.mneme.store..")
          .layer("llama.cpp")
          .definedBy("dev.mneme.llamacpp..")
          .layer("trainer")
          .definedBy("dev.mneme.trainer..")
          .layer("cli")
          .definedBy("dev.mneme.cli..")
          .layer("samples")
          .definedBy("dev.mneme.samples..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("samples")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("trainer")
          .mayOnlyBeAccessedByLayers("cli", "samples")
          .whereLayer("llama.cpp")
          .mayOnlyBeAccessedByLayers("cli", "samples")
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("llama.cpp", "trainer", "cli", "samples");

  @ArchTest
  static final ArchRule THE_SDK_KNOWS_ONLY_GUAVA_SLF4J_AND_THE_JDK =
      noClasses()
          .that()
          .resideInAPackage("dev.mneme")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages(
              "dev.mneme",
              "java..",
              "jdk.incubator.vector..",
              "com.google.common..",
              "org.slf4j..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule SAMPLES_SHOW_ONLY_WHAT_USERS_HAVE =
      noClasses()
          .that()
          .resideInAPackage("dev.mneme.samples")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.mneme..internal..");

  @ArchTest
  static final ArchRule NATIVE_CALLS_STAY_IN_ONE_PACKAGE =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.mneme.llamacpp.internal")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.Linker");
}
