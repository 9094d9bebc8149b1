using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.InputCheck;

/// <summary>Teaches an <see cref="InputCheckNetwork"/> the slices of a training run, beside pictures that are foreign to it.</summary>
internal static class InputCheckTraining
{
    private const int PicturesOfKind = 24;
    private const double HighestRate = 2e-3;
    private const double WeightDecay = 1e-2;

    // Views of slices are made of this side, which the network's divides: their coarse pixels are means, as in use.
    private const int ViewSide = 2 * InputCheckNetwork.Side;

    // Scanners and exports differ by as much.
    private static readonly Variation Tolerated = new()
    {
        MinZoom = 0.75, MaxZoom = 1.35, MaxRotationDegrees = 10, Contrast = 0.3, Brightness = 0.25, Gamma = 1.6, Deformation = 0.04,
    };

    /// <param name="steps">Optimiser steps.</param>
    /// <param name="seed">Equal slices and seeds give equal weights, on the same device.</param>
    /// <param name="stepDone">Told how many are.</param>
    /// <returns>In evaluation mode, on the CPU.</returns>
    public static InputCheckNetwork Fit(IReadOnlyList<LabelledSlice> slices, int steps, int seed, Action<int>? stepDone, CancellationToken cancellationToken)
    {
        manual_seed(seed);
        var network = new InputCheckNetwork();
        network.to(ComputeDevice.Current);
        Train(network, slices, steps, seed, stepDone, cancellationToken);
        // It looks at one small picture at a time.
        network.to(CPU);
        network.eval();
        return network;
    }

    private static void Train(InputCheckNetwork network, IReadOnlyList<LabelledSlice> slices, int steps, int seed, Action<int>? stepDone, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var device = ComputeDevice.Current;
        var images = slices.Select(slice => InputScaling.ToSide(InputScaling.ToTensor(slice.Image), ViewSide)).ToList();
        var augmentation = new Augmentation(ViewSide, seed, Tolerated);
        using var optimiser = new AdamW(network.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter)), WeightDecay);
        var isForeign = cat([zeros(PicturesOfKind, device: device), ones(PicturesOfKind, device: device)], 0);
        for (var step = 0; step < steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var ofStep = NewDisposeScope();
            var random = new Random(unchecked((seed * 1_000_003) + step));
            var foreign = Views(images, augmentation, random, step).Select(view => ForeignPictures.Make(view, random));
            var pictures = cat([.. Views(images, augmentation, random, step), .. foreign], 0).to(device);
            network.zero_grad();
            nn.functional.binary_cross_entropy_with_logits(network.call(pictures), isForeign).backward();
            optimiser.Step(LearningRateSchedule.At(step, steps, HighestRate));
            stepDone?.Invoke(step + 1);
        }
    }

    private static List<Tensor> Views(List<Tensor> images, Augmentation augmentation, Random random, int step)
    {
        using var nothing = zeros(1, 1, 1, 1);
        var views = new List<Tensor>();
        for (var view = 0; view < PicturesOfKind; view++)
        {
            var slice = random.Next(images.Count);
            var (picture, mask) = augmentation.Apply(images[slice], nothing, step, slice, random.Next());
            mask.Dispose();
            views.Add(InputScaling.ToSide(picture, InputCheckNetwork.Side));
        }
        return views;
    }
}
