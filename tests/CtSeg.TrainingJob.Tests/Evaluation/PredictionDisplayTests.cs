using CtSeg.TrainingJob.Evaluation;
using Microsoft.Extensions.Time.Testing;

namespace CtSeg.TrainingJob.Tests.Evaluation;

public sealed class PredictionDisplayTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void Given_APipe_When_PredictionsAreMade_Then_ALineAtFirstAndOneAMinute()
    {
        PredictionDisplay.Show(6, Predict, _output, _time).ShouldBe("done");
        _output.ToString().Split(Environment.NewLine)[..^1].ShouldBe(["6 predictions ...", "3 of 6 predictions", "6 of 6 predictions"]);
    }

    [Fact]
    public void Given_ATerminal_When_PredictionsAreMade_Then_ABar()
    {
        var terminal = Terminals.On(_output, width: 120);
        PredictionDisplay.Show(8, Predict, terminal, _time).ShouldBe("done");
        _output.ToString().ShouldContain("predictions");
        _output.ToString().ShouldContain("75%");
    }

    public void Dispose() => _output.Dispose();

    private string Predict(Action predicted)
    {
        for (var slice = 0; slice < 6; slice++)
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            predicted();
        }
        return "done";
    }
}
