using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumeOptionsTests
{
    private static readonly Dictionary<string, string> Connections = new()
    {
        ["SlicesStorage__blobServiceUri"] = "https://account.blob.core.windows.net",
        ["ServiceBus"] = "Endpoint=sb://127.0.0.1",
    };

    [Fact]
    public void Given_EverythingIsWrong_When_Checked_Then_EachProblemIsNamed()
    {
        var options = ConsumeOptions.Check(0, -1, 0, double.NaN, 1e9, "/no/such/folder", _ => null, out var problems);

        options.ShouldBeNull();
        problems.Count.ShouldBe(8);
        foreach (var name in new[] { "--batch", "--prefetch", "--idle-seconds", "--max-wait", "--drain-seconds", "--model", "SlicesStorage", "ServiceBus" })
            problems.ShouldContain(problem => problem.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Given_SettingsHold_When_Checked_Then_TheDrainLeavesTimeToExit()
    {
        var options = ConsumeOptions.Check(32, 0, 60, 30, 20, null, Connections.GetValueOrDefault, out var problems);

        problems.ShouldBeEmpty();
        options.ShouldNotBeNull().Limits.Drain.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }
}
