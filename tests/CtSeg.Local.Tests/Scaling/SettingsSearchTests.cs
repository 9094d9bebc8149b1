using CtSeg.Local.Scaling;

namespace CtSeg.Local.Tests.Scaling;

public sealed class SettingsSearchTests
{
    private static readonly Latencies Fast = new(60, 100, 120, 200);
    private static readonly Latencies Slow = new(60, 301, 320, 400);

    [Fact]
    public void Given_ACheaperOneThatIsTooSlow_When_Chosen_Then_TheCheapestOfTheFastOnes()
    {
        var chosen = SettingsSearch.Choose([Of(64, 16, 60, 4, 1000, Fast), Of(64, 16, 60, 2, 900, Slow), Of(64, 16, 60, 8, 1100, Fast)]);

        chosen!.Settings.MaxExecutions.ShouldBe(4);
    }

    [Fact]
    public void Given_OneWithinAPerCentOfTheCheapest_When_Chosen_Then_TheOneWithFewerExecutions()
    {
        var chosen = SettingsSearch.Choose([Of(64, 16, 60, 8, 1000, Fast), Of(64, 16, 60, 4, 1009, Fast), Of(64, 16, 60, 2, 1011, Fast)]);

        chosen!.Settings.MaxExecutions.ShouldBe(4);
    }

    [Fact]
    public void Given_OneThatIsSlowBesideABacklog_When_Chosen_Then_NotIt() =>
        SettingsSearch.Choose([Of(64, 16, 60, 4, 1000, Fast, besideBacklog: new(60, 901, 902, 903))]).ShouldBeNull();

    private static Candidate Of(int messages, int batch, double idle, int most, double billed, Latencies all, Latencies? besideBacklog = null)
    {
        DayFigures Day(Latencies fresh) => new(
            1, Hardware.Cpu, new JobSettings(messages, batch, idle, most), 100, 0, all, fresh, null, 1, 1, billed, 0.5, 1, 0, 0, 1, 1, 100);
        return new Candidate(Day(all), Day(besideBacklog ?? all));
    }
}
