namespace CtSeg.ServiceBus.Tests.Client;

public sealed class ServiceBusConnectionStringTests
{
    [Theory]
    [InlineData("Endpoint=sb://name.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=a+b/c=", "name.servicebus.windows.net", 5671, true)]
    [InlineData("Endpoint=sb://127.0.0.1:40123;SharedAccessKeyName=n;SharedAccessKey=a+b/c=;UseDevelopmentEmulator=true;", "127.0.0.1", 40123, false)]
    [InlineData("Endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=a+b/c=;UseDevelopmentEmulator=true", "localhost", 5672, false)]
    public void Given_ConnectionString_When_Parsed_Then_EndpointAndKey(string text, string host, int port, bool useTls)
    {
        var parsed = ServiceBusConnectionString.Parse(text);

        parsed.Endpoint.ShouldBe(new ServiceBusEndpoint(host, port, useTls));
        (parsed.KeyName, parsed.Key).ShouldBe(("n", "a+b/c="));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("Endpoint=sb://h;SharedAccessKeyName=n")]
    [InlineData("Endpoint=no address;SharedAccessKeyName=n;SharedAccessKey=top-secret")]
    public void Given_IncompleteConnectionString_When_Parsed_Then_RefusedWithoutRepeatingTheKey(string text) =>
        Should.Throw<FormatException>(() => ServiceBusConnectionString.Parse(text)).Message.ShouldNotContain("top-secret");
}
