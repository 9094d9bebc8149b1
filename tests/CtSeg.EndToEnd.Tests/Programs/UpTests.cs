using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;

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

        first.Kill();

        await Eventually.HoldsAsync(
            () => Task.FromResult(!ofFirst.Any(ProcessTree.IsRunning)),
            () => $"Outlived their parent: {string.Join(", ", ofFirst.Where(ProcessTree.IsRunning).Select(process => File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ')))}");
        ofSecond.ShouldAllBe(process => ProcessTree.IsRunning(process));
        Signals.Terminate(second.Id);
        (await second.EndAsync()).ShouldBe(0, second.Said());
        ofSecond.ShouldAllBe(process => !ProcessTree.IsRunning(process));
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
