using System.Globalization;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.EndToEnd.Tests.Retraining;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.EndToEnd.Tests.Programs;

[Collection(SerialCollection.Name)]
public sealed class RetrainingPriorityTests
{
    // SCHED_IDLE of sched(7); where a container refuses it, the lowest of the ordinary ones.
    private const int OnlyWhenIdle = 5;
    private const int Lowest = 19;

    [Fact]
    public async Task Given_AJobThatTrains_When_ItIsLookedAt_Then_AllItsThreadsAndItsSessionGiveWay()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Threads have a priority of their own on Linux only.");
        await using var retraining = await RetrainingStack.StartAsync();
        // More epochs than there is time for: it trains when it is looked at.
        var run = await retraining.RequestAsync(
            new TrainingRunRequest("tests") { Epochs = 10_000, EvenWithoutNewData = true, Promotion = new PromotionTerms(MinGroups: 2) });
        await Eventually.SeeAsync(
            async () => (await retraining.ReadAsync(run)).Progress is { Epoch: > 0 } progress ? progress : null,
            () => $"The run does not train; logs in {retraining.Stack.Local.LogFolder}", TimeSpan.FromMinutes(6));
        var job = retraining.Job.Current.Id;

        // The stack has others give way, but not as far: what the job has not from itself it would not have elsewhere.
        PolicyOf($"/proc/{retraining.Stack.Local.Azurite.Id}/task/{retraining.Stack.Local.Azurite.Id}").ShouldBe((0, Lowest));
        var policies = Directory.GetDirectories($"/proc/{job}/task").Select(PolicyOf).OfType<(int Policy, int Nice)>().ToList();
        policies.Count.ShouldBeGreaterThan(3);
        policies.ShouldAllBe(thread => thread.Policy == OnlyWhenIdle || thread.Nice == Lowest);
        if (File.Exists($"/proc/{job}/autogroup"))
            (await File.ReadAllTextAsync($"/proc/{job}/autogroup", TestContext.Current.CancellationToken)).TrimEnd().ShouldEndWith("nice 19");
    }

    /// <returns>Null for a thread that has ended meanwhile.</returns>
    private static (int Policy, int Nice)? PolicyOf(string thread)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            // proc(5): the policy is field 41, the nice value 19, the state after the name is field 3.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[38], CultureInfo.InvariantCulture), int.Parse(fields[16], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
