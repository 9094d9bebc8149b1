using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using CtSeg.Telemetry;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Tests.Inference;

/// <summary>Against a library with the functions of NVML, by the declarations of its header: no driver is needed.</summary>
public sealed class GpuMemoryTests : IDisposable
{
    private const string Library = """
        typedef void *nvmlDevice_t;
        typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
        static unsigned long long calls;
        int nvmlInit_v2(void) { return STARTS; }
        int nvmlDeviceGetCount_v2(unsigned int *count) { *count = DEVICES; return 0; }
        int nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
        {
            if (index == 1)
                return 4; /* no permission */
            *device = (char *)0 + 0x7f0000000000 + index;
            return 0;
        }
        int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
        {
            unsigned long long index = (unsigned long long)device - 0x7f0000000000;
            if (index > 2)
                return 2; /* none of ours */
            if (index == 2 && calls++ > 1)
                return 15; /* the processor is lost */
            memory->total = (index + 1) << 34;
            memory->free = memory->total - (index + 1);
            memory->used = index + 1;
            return 0;
        }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Meter _meter = new("graphics");

    public void Dispose()
    {
        _meter.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Given_Processors_When_Measured_Then_EachTellsItsMemoryUnderItsOwnNumber()
    {
        GpuMemory.TryObserve(_meter, Compile(starts: 0, devices: 3)).ShouldBeTrue();

        Measure().ShouldBe([
            (Meters.GpuMemoryLimit, "0", 1L << 34), (Meters.GpuMemoryLimit, "2", 3L << 34), (Meters.GpuMemoryUsed, "0", 1L), (Meters.GpuMemoryUsed, "2", 3L)]);
    }

    [Fact]
    public void Given_AProcessorThatIsLost_When_Measured_Then_TheOthersAreStillTold()
    {
        GpuMemory.TryObserve(_meter, Compile(starts: 0, devices: 3)).ShouldBeTrue();
        Measure().Count.ShouldBe(4);

        Measure().ShouldBe([(Meters.GpuMemoryLimit, "0", 1L << 34), (Meters.GpuMemoryUsed, "0", 1L)]);
    }

    [Theory]
    [InlineData(9, 3)] // the driver is not loaded
    [InlineData(0, 0)]
    public void Given_ADriverWithoutProcessors_When_Observed_Then_ThereIsNoGauge(int starts, int devices)
    {
        GpuMemory.TryObserve(_meter, Compile(starts, devices)).ShouldBeFalse();
        Measure().ShouldBeEmpty();
    }

    [Fact]
    public void Given_ALibraryWithoutTheFunctions_When_Observed_Then_ThereIsNoGauge()
    {
        GpuMemory.TryObserve(_meter, Compile("int nvmlInit_v2(void) { return 0; }")).ShouldBeFalse();
        Measure().ShouldBeEmpty();
    }

    [Fact]
    public void Given_NoDriver_When_Observed_Then_ThereIsNoGauge()
    {
        GpuMemory.TryObserve(_meter, "/nowhere/libnvidia-ml.so.1").ShouldBeFalse();
        Measure().ShouldBeEmpty();
    }

    /// <summary>All that the gauges tell now.</summary>
    private List<(string Gauge, string Device, long Bytes)> Measure()
    {
        List<(string, string, long)> told = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == _meter)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, bytes, tags, _) =>
        {
            tags.Length.ShouldBe(1);
            tags[0].Key.ShouldBe("hw.id");
            told.Add((instrument.Name, (string)tags[0].Value!, bytes));
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return [.. told.Order()];
    }

    private string Compile(int starts, int devices) => Compile(Library, $"-DSTARTS={starts}", $"-DDEVICES={devices}");

    private string Compile(string source, params IReadOnlyList<string> options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "A library is compiled on Linux and macOS only.");
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64, "The library has pointers of 64 bits.");
        var (code, library) = (_folder["nvml.c"], _folder["libnvidia-ml.so"]);
        File.WriteAllText(code, source);
        try
        {
            using var compiler = Process.Start(new ProcessStartInfo("cc", ["-shared", "-fPIC", .. options, "-o", library, code]) { RedirectStandardError = true, UseShellExecute = false })!;
            var said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            compiler.ExitCode.ShouldBe(0, said);
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no C compiler (cc) to make a library with the functions of NVML.");
        }
        return library;
    }
}
