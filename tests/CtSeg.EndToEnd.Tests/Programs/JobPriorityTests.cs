using CtSeg.EndToEnd.Tests.Harness;

namespace CtSeg.EndToEnd.Tests.Programs;

[Collection(SerialCollection.Name)]
public sealed class JobPriorityTests
{
    [Fact]
    public async Task Given_AJobThatSegments_When_ItsThreadsAreLookedAt_Then_OnlyTheModelsHaveFullPriority()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Threads have a priority of their own on Linux only.");
        await using var stack = await RunningStack.StartAsync();
        await stack.UploadAsync("priority.png", TestSlices.Phantom(7001));
        await stack.EndOfAsync("priority.png");

        var threads = Directory.GetDirectories($"/proc/{stack.Local.Job.Current.Id}/task").Select(NiceOf).ToLookup(thread => thread.Name, thread => thread.Nice);

        threads["model"].ShouldNotBeEmpty();
        threads["model"].ShouldAllBe(nice => nice == 0);
        var others = threads.Where(group => group.Key != "model").SelectMany(group => group).ToList();
        others.Count(nice => nice > 0).ShouldBeGreaterThan(others.Count / 2);
    }

    private static (string Name, int Nice) NiceOf(string thread)
    {
        var stat = File.ReadAllText(Path.Combine(thread, "stat"));
        var (open, close) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
        // proc(5): nice is field 19, the state after the name is field 3.
        return (stat[(open + 1)..close], int.Parse(stat[(close + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture));
    }
}
