using System.Diagnostics;
using System.Text.Json;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Local.Stack;

namespace CtSeg.EndToEnd.Tests.Programs;

[Collection(SerialCollection.Name)]
[Trait("Category", "Slow")]
public sealed class PredictionMemoryTests
{
    [Fact]
    public async Task Given_ManySlices_When_PredictedByOneProcess_Then_ItsPeakIsThatOfAFew()
    {
        var few = await PeakAsync(slices: 25);
        var many = await PeakAsync(slices: 250);

        many.ShouldBeLessThan(1.1 * few, $"{few:0} MiB after 25 slices");
    }

    private static async Task<double> PeakAsync(int slices)
    {
        string[] arguments =
        [
            "bench", "one-model", "--arch", "m", "--levels", "0", "1", "2", "3", "--base-channels", "32", "--input-size", "160", "--predictions", $"{slices}",
        ];
        using var job = Process.Start(new ProcessStartInfo(Checkout.Find().JobProgram, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var answer = await job.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await job.WaitForExitAsync(TestContext.Current.CancellationToken);
        job.ExitCode.ShouldBe(0);
        return JsonDocument.Parse(answer).RootElement.GetProperty("peak_mb").GetDouble();
    }
}
