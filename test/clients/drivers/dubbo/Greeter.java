package application;

/** What a provider offers; consumers find it by this name. */
public interface Greeter {

    String greet();
}
