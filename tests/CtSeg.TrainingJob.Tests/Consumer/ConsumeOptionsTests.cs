using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ConsumeOptionsTests
{
    [Fact]
    public void Given_EverythingIsWrong_When_Checked_Then_EachProblemIsNamed()
    {
        var options = ConsumeOptions.Check(0, -1, 0, double.NaN, 1e9, "/no/such/folder", 21, ["SlicesStorage is not set.", "ServiceBus is not set."], out var problems);

        options.ShouldBeNull();
        problems.Count.ShouldBe(9);
        foreach (var name in new[] { "--batch", "--prefetch", "--idle-seconds", "--max-wait", "--drain-seconds", "--model:", "--model-seconds", "SlicesStorage", "ServiceBus" })
            problems.ShouldContain(problem => problem.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Given_SettingsHold_When_Checked_Then_TheDrainLeavesTimeToExit()
    {
        var options = ConsumeOptions.Check(32, 0, 60, 30, 20, null, 2, [], out var problems);

        problems.ShouldBeEmpty();
        options.ShouldNotBeNull().Limits.Drain.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }
}
