using System.Net;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Imaging;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Testing;

namespace CtSeg.EndToEnd.Tests.Programs;

[Collection(SerialCollection.Name)]
public sealed class UpTests : IDisposable
{
    // Azurite, the emulator, the host and its handler, the job.
    private const int Programs = 5;
    private static readonly string Model = Checkout.Find().TestModel;
    private readonly string _folder = Directory.CreateTempSubdirectory("ctseg-up-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Given_TwoSystemsSideBySide_When_TheFirstIsKilled_Then_ItsChildrenEndAndTheSecondGoesOn()
    {
        using var first = new CommandRun("up", "--model", Model, "--storage", Path.Combine(_folder, "first"));
        using var second = new CommandRun("up", "--model", Model, "--storage", Path.Combine(_folder, "second"));
        await first.SeesAsync("Ready.");
        await second.SeesAsync("Ready.");
        var ofFirst = ProcessTree.Below(first.Id);
        var ofSecond = ProcessTree.Below(second.Id);
        ofFirst.Count.ShouldBe(Programs);
        ofSecond.Count.ShouldBe(Programs);
        (await UploadAsync(first)).ShouldBe(HttpStatusCode.Created);

        first.Kill();

        await Eventually.HoldsAsync(
            () => Task.FromResult(!ofFirst.Any(ProcessTree.IsRunning)),
            () => $"Outlived their parent: {string.Join(", ", ofFirst.Where(ProcessTree.IsRunning).Select(process => File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ')))}");
        ofSecond.ShouldAllBe(process => ProcessTree.IsRunning(process));
        Signals.Terminate(second.Id);
        (await second.EndAsync()).ShouldBe(0, second.Said());
        ofSecond.ShouldAllBe(process => !ProcessTree.IsRunning(process));
    }

    /// <summary>As the line for curl that is printed.</summary>
    private static async Task<HttpStatusCode> UploadAsync(CommandRun up)
    {
        var line = up.Output.Single(printed => printed.Contains("curl ", StringComparison.Ordinal)).Split('"');
        var (header, address) = (line[1].Split(": "), line[3]);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(address)) { Content = new ByteArrayContent(PngWriter.Grey(DiscSlice.Draw(new Random(1)).Image)) };
        request.Headers.Add(header[0], header[1]);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    [Fact]
    public async Task Given_APortInUse_When_Started_Then_TheComponentIsNamedAndNothingIsLeft()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var up = new CommandRun("up", "--model", Model, "--storage", _folder, "--api-port", port);

        (await up.EndAsync()).ShouldBe(2, up.Said());

        up.Output[^1].ShouldContain("The Functions host");
        ProcessTree.Below(up.Id).ShouldBeEmpty();
    }
}
