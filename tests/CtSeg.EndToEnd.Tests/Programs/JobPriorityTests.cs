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

    [Fact]
    public async Task Given_AStackThatIsUp_When_ItsHostIsStartedAgain_Then_AllButTheJobGiveWayToIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nobody gives way.");
        await using var stack = await RunningStack.StartAsync();
        GivesWay(stack.Local.Azurite.Id).ShouldBeTrue();
        GivesWay(stack.Local.Emulator.Id).ShouldBeTrue();
        GivesWay(stack.Local.Job.Current.Id).ShouldBeFalse();
        var first = stack.Local.Host.Current;
        new[] { first.Id }.Concat(ProcessTree.Below(first.Id)).ShouldAllBe(process => GivesWay(process));

        first.Kill();

        await first.Exited;
        await Eventually.HoldsAsync(
            () => Task.FromResult(stack.Local.Host.Current is var second && second != first && GivesWay(second.Id)), () => "The host that was started again does not give way.");
    }

    private static bool GivesWay(int process)
    {
        try
        {
            var group = $"/proc/{process}/autogroup";
            return Directory.GetDirectories($"/proc/{process}/task").Select(NiceOf).All(thread => thread.Nice == 19)
                && (!File.Exists(group) || File.ReadAllText(group).TrimEnd().EndsWith("nice 15", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // A thread has ended meanwhile.
            return false;
        }
    }

    private static (string Name, int Nice) NiceOf(string thread)
    {
        var stat = File.ReadAllText(Path.Combine(thread, "stat"));
        var (open, close) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
        // proc(5): nice is field 19, the state after the name is field 3.
        return (stat[(open + 1)..close], int.Parse(stat[(close + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture));
    }
}
