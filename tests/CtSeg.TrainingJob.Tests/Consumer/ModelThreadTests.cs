using CtSeg.Imaging;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Tests.Consumer.Fakes;

namespace CtSeg.TrainingJob.Tests.Consumer;

public sealed class ModelThreadTests
{
    private static readonly GreyImage Slice = new(8, 8, [.. Enumerable.Repeat((byte)9, 64)]);

    [Fact]
    public async Task Given_ToldToStopBeforeTheBlankIsTried_When_SegmentedAgain_Then_TheSliceIsNotBlamed()
    {
        using var stop = new CancellationTokenSource();
        var calls = 0;
        using var model = new ModelThread(
            new FakeSegmenter
            {
                Before = _ =>
                {
                    if (++calls == 2)
                        stop.Cancel();
                    throw new InvalidOperationException("no");
                },
            },
            TimeProvider.System);

        await Should.ThrowAsync<OperationCanceledException>(() => model.SegmentAsync(Slice, 8, 8, stop.Token));
        calls.ShouldBe(2);
    }

    [Fact]
    public async Task Given_ModelWorksOnBlanks_When_ItFailsOnTheSliceTwice_Then_TheSliceIsBlamed()
    {
        using var model = new ModelThread(
            new FakeSegmenter { Before = image => { if (image.Pixels[0] != 0) throw new InvalidOperationException("no"); } }, TimeProvider.System);

        await Should.ThrowAsync<UnusableSliceException>(() => model.SegmentAsync(Slice, 8, 8, TestContext.Current.CancellationToken));
    }
}
