using CtSeg.TrainingJob.Training;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Training;

public sealed class TrainingDisplayTests
{
    private static readonly IReadOnlyDictionary<string, double?> Dice = new Dictionary<string, double?>
    {
        ["infection"] = 0.751, ["ground-glass-opacity"] = 0.642, ["consolidation"] = 0.533, ["pleural-effusion"] = null,
    };

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Given_ATerminal_When_EpochsEnd_Then_TheBarShowsEpochLossScoresShareAndTimeLeftAndTheNamesOfTheScoresStandAboveIt()
    {
        var screen = Show(progress =>
        {
            // Ten epochs, the second half of which cost three times as much: 20 parts, and 4 done in 40 s.
            progress.Started(Start([1, 1, 1, 1, 1, 3, 3, 3, 3, 3], epochsDone: 0));
            for (var epoch = 1; epoch <= 4; epoch++)
                Train(progress, epoch, seconds: 10, loss: 1.0 / epoch, epoch == 3 ? Dice : null);
        });
        screen.Above.ShouldContain("5 slices to fit, 2 held out");
        screen.Above.ShouldContain("epoch 3/10: loss 0.3333, held-out Dice infection 0.751, ground-glass-opacity 0.642, consolidation 0.533, pleural-effusion");
        screen.Bar.ShouldContain("epoch 4/10: loss 0.2500, Dice 0.75 0.64 0.53 -");
        screen.Bar.ShouldContain("20%");
        screen.Bar.ShouldContain("00:02:40");
    }

    [Fact]
    public void Given_AThousandEpochs_When_Shown_Then_TheBarFitsIntoEightyColumns()
    {
        var screen = Show(progress =>
        {
            progress.Started(Start([.. Enumerable.Repeat(1.0, 1000)], epochsDone: 999));
            Train(progress, 1000, seconds: 10, loss: 0.25, Dice.ToDictionary(score => score.Key, score => (double?)(score.Value ?? 0.05)));
        });
        screen.Bar.ShouldStartWith("epoch 1000/1000: loss 0.2500, Dice 0.75 0.64 0.53 0.05 ");
        screen.Bar.ShouldContain("100%");
    }

    [Fact]
    public void Given_ATrainingThatGoesOn_When_Shown_Then_TheBarIsOverWhatIsLeftToDo()
    {
        var screen = Show(progress =>
        {
            progress.Started(Start([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], epochsDone: 8));
            Train(progress, 9, seconds: 30, loss: 0.5, dice: null);
        });
        screen.Above.ShouldContain("going on after epoch 8");
        screen.Bar.ShouldContain("epoch 9/10: loss 0.5000");
        screen.Bar.ShouldContain("50%");
        screen.Bar.ShouldContain("00:00:30");
    }

    [Fact]
    public void Given_StepsOfAMinute_When_AnEpochIsNotDone_Then_TheTimeLeftFollowsFromThem()
    {
        var screen = Show(progress =>
        {
            progress.Started(Start([1], epochsDone: 0));
            for (var step = 0; step <= 2; step++)
            {
                progress.StepDone(step);
                if (step < 2)
                    _time.Advance(TimeSpan.FromMinutes(1));
            }
        });
        screen.Bar.ShouldContain("50%");
        screen.Bar.ShouldContain("00:02:00");
    }

    [Fact]
    public void Given_WorkAfterTheEpochs_When_Shown_Then_ItHasABarOfItsOwn()
    {
        var screen = Show(progress =>
        {
            progress.Started(Start([1], epochsDone: 0));
            Train(progress, 1, seconds: 10, loss: 0.5, dice: null);
            progress.Finishing("learning");
            progress.FinishingStepDone(30, 120);
        });
        screen.Bar.ShouldStartWith("learning ");
        screen.Bar.ShouldContain("25%");
    }

    [Fact]
    public void Given_WorkAfterTheEpochsInAPipe_When_AMinuteHasPassed_Then_ALineSaysHowFarItIs()
    {
        var output = new StringWriter();
        ITrainingProgress progress = new PlainProgress(output, _time);
        progress.Finishing("learning");
        progress.FinishingStepDone(1, 120);
        _time.Advance(TimeSpan.FromMinutes(1));
        progress.FinishingStepDone(30, 120);
        progress.FinishingStepDone(31, 120);
        output.ToString().ReplaceLineEndings("\n").ShouldBe("learning ...\nlearning: step 30 of 120\n");
    }

    [Fact]
    public void Given_FoldsOneAfterTheOther_When_Shown_Then_EachHasItsNameAndABar()
    {
        var output = new StringWriter();
        TrainingDisplay.Show(display =>
        {
            foreach (var fold in new[] { "fold 1/2", "fold 2/2" })
            {
                var progress = display.Next(fold);
                progress.Started(Start([1], epochsDone: 0));
                Train(progress, 1, seconds: 10, loss: 0.5, dice: null);
            }
            return true;
        }, Terminals.On(output, width: 80), _time);
        Text(output).ShouldContain("fold 1/2");
        Text(output).ShouldContain("fold 2/2");
        Text(output).Split('\n').Count(line => line.Contains("epoch 1/1: loss 0.5000", StringComparison.Ordinal) && line.Contains("100%", StringComparison.Ordinal))
            .ShouldBeGreaterThanOrEqualTo(2);
    }

    private void Train(ITrainingProgress progress, int epoch, double seconds, double loss, IReadOnlyDictionary<string, double?>? dice)
    {
        progress.StepDone(0);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        progress.StepDone(4);
        progress.EpochDone(new EpochRecord(epoch, loss, 1e-3, dice, seconds));
    }

    /// <summary>What a terminal of 80 columns shows in the end: the last line with a bar, and all that was written before.</summary>
    private (string Above, string Bar) Show(Action<ITrainingProgress> work)
    {
        var output = new StringWriter();
        TrainingDisplay.Show(display =>
        {
            work(display.Next(""));
            return true;
        }, Terminals.On(output, width: 80), _time);
        var lines = Text(output).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var bar = lines.FindLastIndex(line => line.Contains('%', StringComparison.Ordinal));
        // A line that is longer than the terminal is wide goes on in the next.
        return (string.Join(' ', lines[..bar]), lines[bar]);
    }

    private static TrainingStart Start(double[] costs, int epochsDone)
    {
        var slices = TrainingRunTests.Circles(7).Slices;
        return new TrainingStart(new GroupSplit([.. slices.Take(5)], [.. slices.Skip(5)]), epochsDone, costs, StepsPerEpoch: 4, Moved: false);
    }

    /// <summary>Without what moves the cursor: an escape character, a bracket, numbers, a letter.</summary>
    private static string Text(StringWriter output)
    {
        var text = string.Concat(output.ToString().Split('\u001b').Select((part, index) =>
            index == 0 ? part : part[(part.AsSpan().IndexOfAnyInRange('A', 'z') is var first && part[first] == '[' ? part.AsSpan(first + 1).IndexOfAnyInRange('A', 'z') + first + 2 : first + 1)..]));
        return text.Replace('\r', '\n');
    }
}
