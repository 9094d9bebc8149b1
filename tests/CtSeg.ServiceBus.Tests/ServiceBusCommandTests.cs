using System.CommandLine;
using System.Text;
using CtSeg.Local.ServiceBus;

namespace CtSeg.ServiceBus.Tests;

/// <summary>The verb <c>servicebus</c>.</summary>
public sealed class ServiceBusCommandTests : IDisposable
{
    private const string Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctseg-servicebus-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(Key, null)]
    [InlineData(null, Key)]
    [InlineData(Key, "b3RoZXI=")]
    [InlineData(Key, "no base64!")]
    public async Task Given_ConfigurationAndKey_When_Started_Then_ConnectionStringOpensTheQueueUntilStopped(string? option, string? variable)
    {
        var config = Write("""{"UserConfig":{"Namespaces":[{"Name":"local","Queues":[{"Name":"jobs","Properties":{"LockDuration":"PT30S"}}]}]}}""");
        using var output = new FirstLine();
        using var stop = new CancellationTokenSource();
        string[] arguments = option is null ? ["--config", config] : ["--config", config, "--key", option];
        var running = ServiceBusCommand.Create(name => name == "CTSEG_SERVICEBUS_KEY" ? variable : null).Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { Output = output }, stop.Token);

        var connection = await output.Line.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
        connection.ShouldContain($"SharedAccessKey={Key};");
        await using (var client = AmqpServiceBusClient.FromConnectionString(connection))
        {
            await using var sender = client.CreateSender("jobs");
            await sender.SendAsync(EmulatorUnderTest.Message("a"), TestContext.Current.CancellationToken);
            await using var receiver = client.CreateReceiver("jobs");
            var message = (await receiver.ReceiveAsync(1, Deadline, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
            message.MessageId.ShouldBe("a");
            await receiver.CompleteAsync(message, TestContext.Current.CancellationToken);
        }
        running.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();

        (await running.WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Given_WrongConfiguration_When_Started_Then_OneSentenceAndCode2()
    {
        using var error = new StringWriter();

        var code = await ServiceBusCommand.Create(_ => null).Parse(["--config", Write("{}")])
            .InvokeAsync(new InvocationConfiguration { Error = error }, TestContext.Current.CancellationToken);

        code.ShouldBe(2);
        error.ToString().Trim().ShouldContain("UserConfig is missing");
        error.ToString().Trim().ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("--key", "no base64!", "--key is not base64")]
    [InlineData("--port", "65536", "--port must be between 0 and 65535")]
    public void Given_WrongOption_When_Parsed_Then_MessageSaysWhatIsAllowed(string option, string value, string expected) =>
        ServiceBusCommand.Create(_ => null).Parse(["--config", "x.json", option, value]).Errors.ShouldHaveSingleItem().Message.ShouldStartWith(expected);

    [Fact]
    public void Given_AVariableThatIsNoKey_When_Parsed_Then_ItIsNamed() =>
        ServiceBusCommand.Create(_ => "no base64!").Parse(["--config", "x.json"]).Errors.ShouldHaveSingleItem().Message.ShouldStartWith("CTSEG_SERVICEBUS_KEY is not base64");

    [Fact]
    public void Given_NoConfiguration_When_Parsed_Then_Refused() =>
        ServiceBusCommand.Create(_ => null).Parse([]).Errors.ShouldHaveSingleItem().Message.ShouldContain("--config");

    private string Write(string config)
    {
        var file = Path.Combine(_folder.FullName, "queues.json");
        File.WriteAllText(file, config);
        return file;
    }

    private sealed class FirstLine : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public override Encoding Encoding => Encoding.UTF8;

        public override Task WriteLineAsync(string? value)
        {
            _line.TrySetResult(value ?? "");
            return Task.CompletedTask;
        }
    }
}
